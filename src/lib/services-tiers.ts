import type { Breaker } from './breaker.ts';
import type { CosmosConnection } from './connect/cosmos.ts';
import type { RedisConnection } from './connect/redis.ts';
import type { Sockets } from './connect/socket-count.ts';
import type { BlobConnection } from './connect/storage.ts';
import { createTierStats, httpCall, type TierCall, type TierStats } from './tiers/tier-stats.ts';
import type { TierOperation } from './tiers/tiered-watch.ts';

export type TierName = 'hot' | 'warm' | 'cold';

/** How a tier's connections stand, as far as its client tells; null: it does not. */
export interface Connections {
  state: 'off' | 'unused' | 'connecting' | 'ready' | 'failing' | 'closed';
  open: number | null;
  busy: number | null;
  /** Calls that wait for a socket. */
  waiting: number | null;
  limit: number | null;
  breaker: 'closed' | 'open' | 'half-open' | null;
}

/** What this instance sees of its tiers. */
export interface TierWatch {
  stats: Record<TierName, TierStats>;
  connections: () => Record<TierName, Connections>;
}

/** Counts what passes: every call of the services behind the tiers, whoever makes it, and every look for an item. */
export function createTierCounters(now: () => number) {
  const stats = { hot: createTierStats(), warm: createTierStats(), cold: createTierStats() };
  const isKnown = (tier: string): tier is TierName => Object.hasOwn(stats, tier);
  return {
    stats,
    redisCall: (call: TierCall): void => stats.hot.called(call, now()),
    cosmosCall: (call: { status: number; ms: number }): void => stats.warm.called(httpCall(call), now()),
    blobCall: (call: { status: number; ms: number }): void => stats.cold.called(httpCall(call), now()),
    looked({ tier, hits, misses }: TierOperation): void {
      if (isKnown(tier) && hits + misses > 0) stats[tier].looked({ hits, misses }, now());
    },
  };
}

interface Clients {
  redis: readonly (RedisConnection | undefined)[];
  /** Undefined until it was first needed. */
  cosmos: () => CosmosConnection | undefined;
  blobs: BlobConnection | undefined;
  breakers: Record<'redis' | 'cosmos', Breaker>;
}

/** How the connections stand now. */
export function connectionsOf(stats: TierWatch['stats'], { redis, cosmos, blobs, breakers }: Clients): TierWatch['connections'] {
  return () => ({
    hot: redisConnections(redis, breakers.redis),
    warm: httpConnections(stats.warm, { sockets: cosmos()?.sockets(), breaker: breakers.cosmos }),
    cold: blobs ? httpConnections(stats.cold, { sockets: blobs.sockets() }) : OFF,
  });
}

const UNKNOWN = { open: null, busy: null, waiting: null, limit: null };
const OFF: Connections = { state: 'off', ...UNKNOWN, breaker: null };
/** Words of ioredis for what is neither there yet nor given up. */
const STATES: Record<string, Connections['state']> = { wait: 'unused', ready: 'ready', close: 'closed', end: 'closed' };

export function redisConnections(connections: readonly (RedisConnection | undefined)[], breaker: Breaker): Connections {
  const clients = connections.flatMap((one) => one?.standing() ?? []);
  const [first] = clients;
  if (!first) return OFF;
  const open = clients.reduce((sum, client) => sum + client.open, 0);
  return { state: STATES[first.status] ?? 'connecting', ...UNKNOWN, open, breaker: breaker.name() };
}

/** A client of HTTP has no connection of its own to tell of: its last call says how it stands. */
export function httpConnections(stats: TierStats, { sockets, breaker }: { sockets: Sockets | undefined; breaker?: Breaker }): Connections {
  const last = stats.last();
  const state = last === undefined ? 'unused' : last.failed ? 'failing' : 'ready';
  return { state, ...UNKNOWN, ...sockets, breaker: breaker?.name() ?? null };
}
