import { randomUUID } from 'node:crypto';
import { HttpRequest } from '@azure/functions';
import { inject } from 'vitest';
import { startCosmos } from '../../dev/cosmos/server.ts';
import { cosmosContainers } from '../../dev/launch/containers.ts';
import { createStorage } from '../../dev/launch/storage.ts';
import { startRedis } from '../../dev/redis/server.ts';
import { loadConfig } from '../../src/lib/config.ts';
import { answer } from '../../src/lib/http.ts';
import { endStaleCopies } from '../../src/lib/memory/sessions/changing.ts';
import { storeQueued } from '../../src/lib/memory/sessions/turns.ts';
import { drainWrites } from '../../src/lib/memory/sessions/write-behind.ts';
import { SessionRef, StaleCopies } from '../../src/lib/model-work.ts';
import { createServices, type Services } from '../../src/lib/services.ts';
import { traced } from '../../src/lib/telemetry.ts';
import type { Json } from '../support/api.ts';
import { createClock } from '../support/instances.ts';

/** An answer as a caller sees it: the status, the parsed body, and after how many seconds to come back. */
export interface Answered {
  status: number;
  body: Json;
  retryAfter: string | undefined;
}
export type World = Awaited<ReturnType<typeof startWorld>>;

/**
 * Instances of the service on stand-ins that can fail, with Blob Storage beside them and one clock. There is no queue: doorbells lie
 * in `rung` until `deliver`. Breakers try again after a second of the clock.
 */
export async function startWorld({ count = 2, settings = {} }: { count?: number; settings?: Record<string, string> } = {}) {
  const id = `t${randomUUID().slice(0, 8)}`;
  const storage = inject('storage');
  const [cosmos, redis] = await Promise.all([
    startCosmos({ database: 'keepsake', containers: cosmosContainers() }),
    startRedis({ checkSlots: true }),
    createStorage(storage, { blobPrefix: id, queuePrefix: id }),
  ]);
  const clock = createClock();
  const config = loadConfig({
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    COSMOS_ENDPOINT: cosmos.endpoint,
    COSMOS_KEY: cosmos.key,
    REDIS_URL: redis.url,
    AzureWebJobsStorage: storage,
    BLOB_CONNECTION_STRING: storage,
    BLOB_CONTAINER: id,
    LOG_LEVEL: 'error',
    BREAKER_RESET_SECONDS: '1',
    MAX_BUFFER_MESSAGES: '1000', // nothing is summarised: a context shows all that was said
    MAX_BUFFER_TOKENS: '100000',
    SUMMARY_TRIGGER_TOKENS: '100000',
    REFLECTION_THRESHOLD_TURNS: '1000',
    ...settings,
  });
  const rung: { queue: string; payload: object }[] = [];
  const ring: Services['ring'] = async (queue, payload) => {
    rung.push({ queue, payload });
    return true;
  };
  const all = Array.from({ length: count }, (): Services => ({ ...createServices(config, clock.now), ring }));
  const instance = (index = 0) => all[index]!;

  return {
    cosmos,
    redis,
    clock,
    rung,
    instance,

    /** Asks through the edge of the service, so that the answer is what a caller gets; `run` is the one call of a route. */
    async ask(index: number, run: (services: Services) => Promise<unknown>): Promise<Answered> {
      clock.advance({ ms: 5 });
      const request = new HttpRequest({ method: 'GET', url: 'http://localhost/api/ask', headers: { host: 'localhost' } });
      const route = { method: 'GET', route: 'ask', run: ({ services }: { services: Services }) => run(services) } as const;
      const { status = 0, body, headers } = await answer(instance(index), { name: 'ask', route, request });
      const retryAfter = (headers as Record<string, string> | undefined)?.['retry-after'];
      return { status, body: JSON.parse(String(body)), retryAfter };
    },

    /** Delivers every bell for stale copies and waiting writes once; what fails is left for the next time. */
    async deliver(): Promise<void> {
      for (const bell of rung.splice(0)) {
        const done = await traced(() => handle(instance(), bell).then(() => true)).catch(() => false);
        if (!done) rung.push(bell);
      }
    },

    async stop() {
      redis.faults.clear();
      cosmos.faults.clear();
      await Promise.all(all.map((services) => services.close()));
      await Promise.all([cosmos.stop(), redis.stop()]);
    },
  };
}

async function handle(services: Services, { queue, payload }: { queue: string; payload: object }): Promise<void> {
  if (queue === 'invalidate') await endStaleCopies(services, StaleCopies.parse(payload));
  if (queue === 'writes') await drainWrites(services, SessionRef.parse(payload), storeQueued);
}
