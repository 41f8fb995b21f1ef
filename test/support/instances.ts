import { randomUUID } from 'node:crypto';
import { startCosmos } from '../../dev/cosmos/server.ts';
import { cosmosContainers } from '../../dev/launch/containers.ts';
import { loadConfig } from '../../src/lib/config.ts';
import { createServices, type Services } from '../../src/lib/services.ts';
import { startTestRedis } from './test-redis.ts';

/** A clock that stands still until it is told otherwise. */
export function createClock(start = Date.UTC(2026, 0, 15, 9)) {
  let at = start;
  return {
    now: () => at,
    advance: (by: { ms?: number; seconds?: number; days?: number }) =>
      (at += (by.ms ?? 0) + (by.seconds ?? 0) * 1000 + (by.days ?? 0) * 86_400_000),
  };
}

export type Instances = Awaited<ReturnType<typeof startInstances>>;

/**
 * Several instances of the service in this process, on one Cosmos stand-in, one Redis (see `test-redis.ts`) and one clock: what a Functions app is when
 * it has scaled out, minus the host. There are no queues: a test runs the jobs itself.
 */
export async function startInstances({
  count = 1,
  settings = {},
  blobs = 'off',
}: {
  count?: number;
  settings?: Record<string, string>;
  blobs?: 'off' | 'down';
} = {}) {
  const [cosmos, redis] = await Promise.all([startCosmos({ database: 'keepsake', containers: cosmosContainers() }), startTestRedis()]);
  const clock = createClock();
  const config = loadConfig({
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    COSMOS_ENDPOINT: cosmos.endpoint,
    COSMOS_KEY: cosmos.key,
    ...redis.settings,
    AzureWebJobsStorage: NO_STORAGE,
    LOG_LEVEL: 'error',
    REDIS_COMMAND_TIMEOUT_MS: '5000', // a command that a test holds back is slow, not lost
    ...settings,
  });
  const rung: { queue: string; payload: object }[] = [];
  const hasStorage = blobs === 'down' || 'BLOB_CONNECTION_STRING' in settings || 'AzureWebJobsStorage' in settings;
  const instance = (): Services => ({
    ...createServices(config, clock.now),
    ...(!hasStorage && { writes: undefined }),
    ring: async (queue, payload) => {
      rung.push({ queue, payload });
      return true;
    },
  });
  const client = redis.connect();
  const all = Array.from({ length: count }, instance);
  return {
    cosmos,
    redis,
    /** A look into Redis beside the service. */
    client,
    clock,
    /** Doorbells in the order in which they were rung. */
    rung,
    instance: (index = 0) => all[index]!,
    /** A user and a session that no other test has. */
    fresh: () => ({ user_id: `u-${randomUUID()}`, session_id: `s-${randomUUID()}` }),
    async stop() {
      client.disconnect();
      await Promise.all(all.map((services) => services.close()));
      await Promise.all([cosmos.stop(), redis.stop()]);
    },
  };
}

const NO_STORAGE =
  'DefaultEndpointsProtocol=http;AccountName=nobody;AccountKey=bm9ib2R5;BlobEndpoint=http://127.0.0.1:1/nobody;QueueEndpoint=http://127.0.0.1:1/nobody;';
