import type { DataDirectory } from './data.ts';
import { freePort } from './ports.ts';
import type { Elsewhere, Settings } from './settings.ts';
import { createStorage } from './storage.ts';

/** One line of the screen: which tier, and who plays it. */
export interface TierLine {
  tier: string;
  by: string;
}

/** A running stand-in: what the app must be told, and how to end it. */
interface Standin {
  lines: TierLine[];
  settings: Settings;
  stop: () => Promise<void>;
}

const PORTS = { cosmos: 8081, redis: 6379, blob: 10_000, queue: 10_001 };
const CONTAINERS = ['memory', 'directory', 'ops', 'items'];

interface Tiers {
  data: DataDirectory;
  elsewhere: Elsewhere;
  chosen: Settings;
}

/**
 * Starts a stand-in for every tier that is not configured elsewhere, on its usual port or a free one. Stopping goes in
 * the reverse order of starting; when one fails to start, those that did are stopped before this rejects.
 */
export async function startTiers(tiers: Tiers) {
  const { elsewhere } = tiers;
  const wanted = [
    elsewhere.cosmos ? known('Cosmos DB') : startCosmosTier(tiers),
    elsewhere.redis ? known('Redis') : startRedisTier(tiers),
    elsewhere.storage ? known('Blob, queues') : startStorageTier(tiers),
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
    settings: Object.assign({}, ...started.map(({ settings }) => settings)) as Settings,
    stop,
  };
}

const known = async (tier: string): Promise<Standin> => ({
  lines: [{ tier, by: 'configured elsewhere' }],
  settings: {},
  stop: async () => {},
});

async function startCosmosTier({ data, chosen }: Tiers): Promise<Standin> {
  const { startCosmos, DEV_KEY } = await import('../cosmos/server.ts');
  const database = chosen.COSMOS_DATABASE ?? chosen.COSMOS_DATABASE_NAME ?? 'keepsake';
  const prefix = chosen.COSMOS_CONTAINER ? `${chosen.COSMOS_CONTAINER}-` : '';
  const cosmos = await startCosmos({
    port: await freePort(PORTS.cosmos),
    file: data.path('cosmos.db'),
    key: DEV_KEY,
    database,
    containers: CONTAINERS.map((name) => ({ id: `${prefix}${name}`, partitionKey: '/pk', defaultTtl: -1 })),
  });
  return {
    lines: [{ tier: 'Cosmos DB', by: `stand-in, ${cosmos.endpoint}` }],
    settings: { COSMOS_ENDPOINT: cosmos.endpoint, COSMOS_KEY: cosmos.key, COSMOS_DATABASE: database },
    stop: () => cosmos.stop(),
  };
}

async function startRedisTier({ data }: Tiers): Promise<Standin> {
  const { startRedis } = await import('../redis/server.ts');
  const redis = await startRedis({ port: await freePort(PORTS.redis), file: data.path('redis.snapshot') });
  return {
    lines: [{ tier: 'Redis', by: `stand-in, ${redis.url}` }],
    settings: { REDIS_URL: redis.url },
    stop: () => redis.stop(),
  };
}

async function startStorageTier({ data, elsewhere, chosen }: Tiers): Promise<Standin> {
  const [blobPort, queuePort] = await Promise.all([freePort(PORTS.blob), freePort(PORTS.queue)]);
  const { startAzurite } = await import('../azurite/start.ts');
  const azurite = await startAzurite({ location: data.path('azurite'), blobPort, queuePort });
  const { connectionString } = azurite;
  await createStorage(connectionString, { blobPrefix: chosen.BLOB_CONTAINER ?? 'memory', queuePrefix: chosen.QUEUE_PREFIX ?? '' });
  const blobLine = { tier: 'Blob', by: elsewhere.blob ? 'configured elsewhere' : `Azurite, ${azurite.blobUrl}` };
  return {
    lines: [blobLine, { tier: 'Queues', by: `Azurite, ${azurite.queueUrl}` }],
    settings: { AzureWebJobsStorage: connectionString, ...(elsewhere.blob ? {} : { BLOB_CONNECTION_STRING: connectionString }) },
    stop: () => azurite.stop(),
  };
}
