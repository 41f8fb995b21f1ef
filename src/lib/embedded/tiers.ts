import type { TokenCredential } from '@azure/identity';
import { createBreaker } from '../breaker.ts';
import { loadColdTier, loadHotTier, loadWarmTier, type Settings, type TierConfig } from '../config/parts.ts';
import { connectCosmos } from '../connect/cosmos.ts';
import { createCredential } from '../connect/credential.ts';
import { connectBlobs } from '../connect/storage.ts';
import { hotItemRules, INLINE_BYTES } from '../item-rules.ts';
import { type Connections, httpConnections, redisConnections } from '../services-tiers.ts';
import type { Log } from '../telemetry.ts';
import { createColdItems } from '../tiers/cold-items.ts';
import { createColdLedger } from '../tiers/cold-ledger.ts';
import { createCosmosGate } from '../tiers/cosmos-gate.ts';
import { createHotItems } from '../tiers/hot-items.ts';
import { openRedis } from '../tiers/redis-open.ts';
import type { Tier } from '../tiers/tier.ts';
import { httpCall, type TierStats } from '../tiers/tier-stats.ts';
import { createItemDues, createWarmItems, type ItemDues, type WarmItems } from '../tiers/warm-items.ts';

/** What a tier is opened with. */
export interface TierContext {
  /** Milliseconds since 1970. */
  now: () => number;
  log: Log;
  /** Where its calls are counted. */
  stats: TierStats;
}
/** A tier with its connection, and what only some can do: list a user's items, note when an item must be looked after. */
export interface OpenTier {
  tier: Tier;
  /** Undefined where the tier does not tell. */
  connections?: () => Connections;
  close: () => Promise<void> | void;
  page?: WarmItems['page'];
  dues?: ItemDues;
}
/** A tier that a memory opens. Sockets open with the first call. */
export type TierSource = (context: TierContext) => OpenTier;

export interface TierOptions {
  /** For Microsoft Entra; without it the managed identity in Azure, elsewhere whatever the developer is signed in with. */
  credential?: TokenCredential;
}

const credentialFor = ({ deployment, identity }: TierConfig, { credential }: TierOptions): TokenCredential =>
  credential ?? createCredential({ azure: deployment.azure, clientId: identity.clientId });

/**
 * Redis. Settings by the names of docs/configuration.md (REDIS_URL …), by default those of the environment.
 * Throws a ConfigError with one line per wrong setting.
 */
export function hotTier(settings?: Settings, options: TierOptions = {}): TierSource {
  const config = loadHotTier(settings);
  return ({ now, log, stats }) => {
    const breaker = createBreaker(config.breaker, now);
    const onCall = (call: { ms: number; failed: boolean }) => stats.called(call, now());
    const redis = openRedis(config.redis, { credential: credentialFor(config, options), breaker, log, now, onCall });
    return {
      tier: createHotItems(redis.gate, { now, reads: redis.reads, ...hotItemRules(config) }),
      connections: () => redisConnections(redis.connections, breaker),
      close: redis.close,
    };
  };
}

/**
 * Cosmos DB, which keeps the records (COSMOS_ENDPOINT …): the account must have strong consistency and one write region, the database
 * the containers `items` and `directory`. Throws a ConfigError.
 */
export function warmTier(settings?: Settings, options: TierOptions = {}): TierSource {
  const config = loadWarmTier(settings);
  return ({ now, log, stats }) => {
    const breaker = createBreaker(config.breaker, now);
    const onCall = (call: { status: number; ms: number }) => stats.called(httpCall(call), now());
    let opened: ReturnType<typeof connectCosmos> | undefined;
    const open = () => {
      if (opened) return opened;
      opened = connectCosmos(config.cosmos, { credential: credentialFor(config, options), onCall });
      opened.checkConsistency().then(
        (problem) => problem && log('error', 'cosmos_account', { problem }),
        () => log('warn', 'cosmos_account_unseen'),
      );
      return opened;
    };
    const gate = createCosmosGate(async () => open(), breaker);
    const warm = createWarmItems(gate, { now, maxBytes: INLINE_BYTES });
    return {
      tier: warm,
      page: warm.page,
      dues: createItemDues(gate),
      connections: () => httpConnections(stats, { sockets: opened?.sockets(), breaker }),
      close: () => opened?.dispose(),
    };
  };
}

/** Blob Storage (BLOB_ACCOUNT_URL …), which keeps the records too where there is no warm tier. Throws a ConfigError. */
export function coldTier(settings?: Settings, options: TierOptions = {}): TierSource {
  const config = loadColdTier(settings);
  return ({ now, stats }) => {
    const onCall = (call: { status: number; ms: number }) => stats.called(httpCall(call), now());
    const blobs = connectBlobs(config.blob, { credential: credentialFor(config, options), onCall });
    return {
      tier: { ...createColdItems(blobs, { now, maxBytes: config.items.maxBytes }), ledger: createColdLedger(blobs) },
      connections: () => httpConnections(stats, { sockets: blobs.sockets() }),
      close: blobs.close,
    };
  };
}
