import { cosmosContainers } from './containers.ts';
import type { DataDirectory } from './data.ts';
import { isFree, onFreePort } from './ports.ts';
import type { Elsewhere, Settings } from './settings.ts';
import { createStorage } from './storage.ts';

/** One line of the screen: which tier, and who plays it. */
export interface TierLine {
  tier: string;
  by: string;
}

/** All tiers: who plays them, what the app must be told, and how to end those that run here. */
export interface Tiers {
  lines: TierLine[];
  settings: Settings;
  stop: () => Promise<void>;
}

const PORTS = { cosmos: 8081, redis: 6379, blob: 10_000, queue: 10_001 };

interface TierSetup {
  data: DataDirectory;
  elsewhere: Elsewhere;
  chosen: Settings;
}

/**
 * Starts a stand-in for every tier that is not configured elsewhere, on its usual port or a free one. Stopping goes in
 * the reverse order of starting; when one fails to start, those that did are stopped before this rejects.
 */
export async function startTiers(setup: TierSetup): Promise<Tiers> {
  const { elsewhere } = setup;
  const wanted = [
    elsewhere.cosmos ? known('Cosmos DB') : startCosmosTier(setup),
    elsewhere.redis ? known('Redis') : startRedisTier(setup),
    elsewhere.storage ? known('Blob, queues') : startStorageTier(setup),
  ];
  const outcomes = await Promise.allSettled(wanted);
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = async () => {
    for (const standin of started.toReversed()) await standin.stop();
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    lines: started.flatMap(({ lines }) => lines),
    settings: Object.assign({}, ...started.map(({ settings }) => settings)),
    stop,
  };
}

const known = async (tier: string): Promise<Tiers> => ({
  lines: [{ tier, by: 'configured elsewhere' }],
  settings: {},
  stop: async () => {},
});

async function startCosmosTier({ data, chosen }: TierSetup): Promise<Tiers> {
  const { startCosmos, DEV_KEY } = await import('../cosmos/server.ts');
  const database = chosen.COSMOS_DATABASE ?? chosen.COSMOS_DATABASE_NAME ?? 'keepsake';
  const containers = cosmosContainers(chosen.COSMOS_CONTAINER);
  const file = data.path('cosmos.db');
  const cosmos = await onFreePort(PORTS.cosmos, (port) => startCosmos({ port, file, key: DEV_KEY, database, containers }));
  return {
    lines: [{ tier: 'Cosmos DB', by: `stand-in, ${cosmos.endpoint}` }],
    settings: { COSMOS_ENDPOINT: cosmos.endpoint, COSMOS_KEY: cosmos.key, COSMOS_DATABASE: database },
    stop: () => cosmos.stop(),
  };
}

async function startRedisTier({ data }: TierSetup): Promise<Tiers> {
  const { startRedis } = await import('../redis/server.ts');
  const file = data.path('redis.snapshot');
  const redis = await onFreePort(PORTS.redis, (port) => startRedis({ port, file }));
  return {
    lines: [{ tier: 'Redis', by: `stand-in, ${redis.url}` }],
    settings: { REDIS_URL: redis.url },
    stop: () => redis.stop(),
  };
}

async function startStorageTier({ data, elsewhere, chosen }: TierSetup): Promise<Tiers> {
  const { startAzurite } = await import('../azurite/start.ts');
  const location = data.path('azurite');
  const queueIsFree = await isFree(PORTS.queue);
  const azurite = await onFreePort(PORTS.blob, (blobPort) =>
    startAzurite({ location, blobPort, queuePort: blobPort !== 0 && queueIsFree ? PORTS.queue : 0 }),
  );
  const { connectionString } = azurite;
  await createStorage(connectionString, { blobPrefix: chosen.BLOB_CONTAINER ?? 'memory', queuePrefix: chosen.QUEUE_PREFIX ?? '' });
  const blobLine = { tier: 'Blob', by: elsewhere.blob ? 'configured elsewhere' : `Azurite, ${azurite.blobUrl}` };
  return {
    lines: [blobLine, { tier: 'Queues', by: `Azurite, ${azurite.queueUrl}` }],
    settings: { AzureWebJobsStorage: connectionString, ...(elsewhere.blob ? {} : { BLOB_CONNECTION_STRING: connectionString }) },
    stop: () => azurite.stop(),
  };
}
