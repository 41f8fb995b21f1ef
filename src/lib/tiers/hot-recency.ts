import type { RedisClient } from '../connect/redis.ts';
import type { At } from './hot.ts';
import { HOT_TENANTS, recencyIndex, recencyIndexes } from './keys.ts';
import type { RedisGate } from './redis-gate.ts';

const NOTE_TENANT_MS = 15_000; // a quarter of the shortest life of a hot copy
const MAX_NOTED = 10_000;

/** Who was used when: one sorted set for each of 64 parts of a tenant's sessions, and one of the tenants. All of it is repairable. */
export function createRecency(redis: RedisGate, { ttlSeconds, now }: { ttlSeconds: number; now: () => number }) {
  const oldest = () => now() - ttlSeconds * 1000;
  const noted = new Map<string, number>();

  /** A tenant is noted every now and then by each instance, not with every store. */
  async function noteTenant(client: RedisClient, tenant: string): Promise<void> {
    if (now() - (noted.get(tenant) ?? 0) < NOTE_TENANT_MS) return;
    if (noted.size >= MAX_NOTED) noted.clear();
    noted.set(tenant, now());
    await Promise.all([client.zadd(HOT_TENANTS, now(), tenant), client.expire(HOT_TENANTS, 2 * ttlSeconds)]);
  }

  return {
    /** Notes that a session was used. Not awaited by requests. */
    touch: ({ tenant, session_id }: At) =>
      redis.call('touch', async (client) => {
        const key = recencyIndex(tenant, session_id);
        await Promise.all([client.zadd(key, now(), session_id), client.expire(key, ttlSeconds), noteTenant(client, tenant)]);
      }),

    /** Last use (ms) of every session of a tenant that is in the hot tier now. */
    recency: (tenant: string) =>
      redis.call('recency', async (client) => {
        const pages = await Promise.all(recencyIndexes(tenant).map((key) => client.zrangebyscore(key, oldest(), '+inf', 'WITHSCORES')));
        return pages.flatMap((page) => page.filter((_, i) => i % 2 === 1).map(Number));
      }),

    /** Tenants that may have sessions in the hot tier. */
    tenants: () =>
      redis.call('tenants', async (client) => {
        await client.zremrangebyscore(HOT_TENANTS, '-inf', `(${now() - 2 * ttlSeconds * 1000}`);
        return client.zrange(HOT_TENANTS, '0', '-1');
      }),

    /** Drops expired entries of a tenant, and answers its least recently used sessions beyond the newest `keep`, at most `limit`. */
    beyond: (tenant: string, { keep, limit }: { keep: number; limit: number }) =>
      redis.call('beyond', async (client): Promise<string[]> => {
        const indexes = recencyIndexes(tenant);
        await Promise.all(indexes.map((key) => client.zremrangebyscore(key, '-inf', `(${oldest()}`)));
        const sizes = await Promise.all(indexes.map((key) => client.zcard(key)));
        const excess = sizes.reduce((sum, size) => sum + size, 0) - keep;
        if (excess <= 0) return [];
        const count = Math.min(excess, limit);
        const pages = await Promise.all(indexes.map((key) => client.zrange(key, '0', String(count - 1), 'WITHSCORES')));
        return pages
          .flatMap(scored)
          .sort((a, b) => a.score - b.score)
          .slice(0, count)
          .map(({ name }) => name);
      }),

    /** Takes a session out of the index. */
    untouch: ({ tenant, session_id }: At) => redis.call('untouch', (client) => client.zrem(recencyIndex(tenant, session_id), session_id)),
  };
}

/** Redis answers name, score, name, score … */
const scored = (page: string[]): { name: string; score: number }[] =>
  page.flatMap((name, i) => (i % 2 === 0 ? [{ name, score: Number(page[i + 1]) }] : []));
