import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { DEV_KEY, startCosmos } from '../../dev/cosmos/server.ts';
import { startHost } from '../../dev/host/start.ts';
import { cosmosContainers } from '../../dev/launch/containers.ts';
import { createStorage } from '../../dev/launch/storage.ts';
import { createApi } from './api.ts';
import { appFolder } from './app-folder.ts';
import { startTestRedis } from './test-redis.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
// A port on which nothing ever listens, for a tier that is down from the start.
const NOBODY = 'redis://127.0.0.1:1';

interface StackOptions {
  /** App processes on the same tiers. */
  apps?: number;
  /** Settings of the apps, over those of the stack. */
  settings?: Record<string, string>;
  /** False: the apps are given a Redis that refuses connections. */
  redis?: boolean;
  /** Called for each line that an app or its host prints. */
  onLine?: (line: string) => void;
}

export type Stack = Awaited<ReturnType<typeof startStack>>;

/**
 * The whole service for one test file: stand-ins in this process, in memory, so that a test can count their calls and
 * inject faults; Azurite shared by all files under names of this stack's own; and `apps` processes of the built app.
 */
export async function startStack({ apps = 1, settings = {}, redis: withRedis = true, onLine }: StackOptions = {}) {
  const id = `t${randomUUID().slice(0, 8)}`;
  const storage = inject('storage');
  const [cosmos, redis] = await Promise.all([
    startCosmos({ port: 0, key: DEV_KEY, database: 'keepsake', containers: cosmosContainers() }),
    startTestRedis(),
    createStorage(storage, { blobPrefix: id, queuePrefix: id }),
  ]);
  const root = appFolder();
  const env = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    AzureWebJobsStorage: storage,
    BLOB_CONNECTION_STRING: storage,
    BLOB_CONTAINER: id,
    QUEUE_PREFIX: id,
    COSMOS_ENDPOINT: cosmos.endpoint,
    COSMOS_KEY: cosmos.key,
    COSMOS_DATABASE: 'keepsake',
    ...(withRedis ? redis.settings : { REDIS_URL: NOBODY }),
    MODEL_PROVIDER: 'local',
    REDIS_COMMAND_TIMEOUT_MS: '5000', // the stand-in shares a busy machine with everything else
    'AzureWebJobs.sweep.Disabled': 'true', // a tick in the middle of a test that counts calls; the timers' own tests allow them
    'AzureWebJobs.retain.Disabled': 'true',
    'AzureWebJobs.demote.Disabled': 'true',
    NODE_COMPILE_CACHE: join(REPOSITORY, 'node_modules/.cache/node'), // every process after the first starts faster
    ...settings,
  };
  const start = () => startHost({ root, port: 0, env, quiet: true, onLine });
  const running = await Promise.all(Array.from({ length: apps }, start));

  const appAt = (index: number) => {
    const app = running[index];
    if (!app) throw new Error(`this stack has ${running.length} apps, there is no app ${index}`);
    return app;
  };

  return {
    apps: running,
    cosmos,
    redis,
    /** What the apps were given. */
    env,
    api: (index = 0) => createApi(appAt(index).url),

    /** A new process in the place of app `index`, whether or not the old one still runs; its URL changes. */
    async restartApp(index = 0) {
      await appAt(index).stop();
      running[index] = await start();
    },

    async stop() {
      await Promise.all(running.map((app) => app.stop()));
      await Promise.all([cosmos.stop(), redis.stop()]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
