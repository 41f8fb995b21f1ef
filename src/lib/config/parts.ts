import { environment } from '../config.ts';
import { type CosmosConfig, cosmosOf } from './cosmos.ts';
import { ConfigError } from './error.ts';
import { itemsOf, memoryOf } from './memory.ts';
import { type Deployment, deploymentOf, type Reading, readSettings } from './read.ts';
import { type RedisConfig, redisOf } from './redis.ts';
import { freeze } from './secrets.ts';
import type { SettingName } from './settings.ts';
import { type BlobConfig, blobOf } from './storage.ts';

/** Settings by their names in docs/configuration.md, such as `process.env`. */
export type Settings = { readonly [N in SettingName]?: string | undefined };

/** What every tier is told, whoever opens it. */
export interface TierConfig {
  readonly deployment: Deployment;
  readonly identity: { readonly clientId?: string };
  readonly breaker: { readonly failures: number; readonly resetMs: number };
  readonly items: Readonly<ReturnType<typeof itemsOf>>;
  readonly memory: Readonly<ReturnType<typeof memoryOf>>;
  readonly http: { readonly requestDeadlineMs: number };
}

/** Reads what one part needs; throws a ConfigError with one line per wrong setting. */
function load<T>(settings: Settings | undefined, part: (reading: Reading, deployment: Deployment) => T): TierConfig & T {
  const reading = readSettings(settings ?? environment());
  const { values, wrong } = reading;
  const deployment = deploymentOf(reading);
  const own = part(reading, deployment);
  const config = {
    deployment,
    identity: { clientId: values.AZURE_CLIENT_ID },
    breaker: { failures: values.BREAKER_FAILURES, resetMs: values.BREAKER_RESET_SECONDS * 1000 },
    items: itemsOf(reading),
    memory: memoryOf(reading, deployment),
    http: { requestDeadlineMs: values.REQUEST_DEADLINE_MS },
    ...own,
  };
  if (wrong.length > 0) throw new ConfigError(wrong);
  return freeze(config);
}

export const loadItemSettings = (settings?: Settings): TierConfig => load(settings, () => ({}));

export const loadHotTier = (settings?: Settings): TierConfig & { readonly redis: Readonly<RedisConfig> } =>
  load(settings, (reading, deployment) => {
    const redis = redisOf(reading, deployment);
    if (!redis) reading.refuse('REDIS_URL', 'is needed for the hot tier, or REDIS_HOST');
    return { redis: redis as RedisConfig };
  });

export const loadWarmTier = (settings?: Settings): TierConfig & { readonly cosmos: Readonly<CosmosConfig> } =>
  load(settings, (reading, deployment) => ({ cosmos: cosmosOf(reading, deployment) }));

export const loadColdTier = (settings?: Settings): TierConfig & { readonly blob: Readonly<BlobConfig> } =>
  load(settings, (reading, deployment) => {
    const blob = blobOf(reading, deployment);
    if (!blob) reading.refuse('BLOB_ACCOUNT_URL', 'is needed for the cold tier, or BLOB_CONNECTION_STRING');
    return { blob: blob as BlobConfig };
  });
