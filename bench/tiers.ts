import { startAzurite } from '../dev/azurite/start.ts';
import { DEV_KEY, startCosmos } from '../dev/cosmos/server.ts';
import { cosmosContainers } from '../dev/launch/containers.ts';
import { createStorage } from '../dev/launch/storage.ts';
import { startRedis } from '../dev/redis/server.ts';

interface AnyRedis {
  url: string;
  stop: () => unknown;
}

/** The tiers of one benchmark: the stand-ins, or another Redis. */
export async function startTiers({ redis: startOther = () => startRedis({ port: 0 }) }: { redis?: () => Promise<AnyRedis> } = {}) {
  const [azurite, cosmos, redis] = await Promise.all([
    startAzurite(),
    startCosmos({ port: 0, key: DEV_KEY, database: 'keepsake', containers: cosmosContainers() }),
    startOther(),
  ]);
  return {
    cosmos,
    /** Settings of an app on these tiers; apps with queues of their own do their own jobs. */
    async settings(queuePrefix = 'bench') {
      await createStorage(azurite.connectionString, { blobPrefix: 'bench', queuePrefix });
      return {
        FUNCTIONS_WORKER_RUNTIME: 'node',
        AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
        AzureWebJobsStorage: azurite.connectionString,
        BLOB_CONNECTION_STRING: azurite.connectionString,
        BLOB_CONTAINER: 'bench',
        QUEUE_PREFIX: queuePrefix,
        COSMOS_ENDPOINT: cosmos.endpoint,
        COSMOS_KEY: cosmos.key,
        COSMOS_DATABASE: 'keepsake',
        REDIS_URL: redis.url,
        LOG_LEVEL: 'error',
      };
    },
    stop: async () => void (await Promise.all([cosmos.stop(), redis.stop(), azurite.stop()])),
  };
}
