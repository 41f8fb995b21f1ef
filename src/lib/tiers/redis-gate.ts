import type { Breaker } from '../breaker.ts';
import type { RedisClient, RedisConnection } from '../connect/redis.ts';
import { countRedis, degrade, type Log } from '../telemetry.ts';

/**
 * Every call to Redis goes through here: counted, bounded by the client's command timeout, kept away by the breaker while Redis is
 * down. A call that failed answers `undefined` and marks the request degraded; a tier that is switched off only answers `undefined`.
 */
export function createRedisGate(connection: RedisConnection | undefined, { breaker, log }: { breaker: Breaker; log: Log }) {
  return {
    enabled: connection !== undefined,

    async call<T>(operation: string, work: (client: RedisClient) => Promise<T>): Promise<T | undefined> {
      if (!connection) return undefined;
      if (!breaker.admits()) {
        degrade('redis');
        return undefined;
      }
      try {
        await connection.ready();
        countRedis();
        const answer = await work(connection.client);
        breaker.succeeded();
        return answer;
      } catch (error) {
        breaker.failed();
        degrade('redis');
        log('warn', 'redis_failed', { operation, breaker: breaker.name(), reason: reasonOf(error) });
        return undefined;
      }
    },
  };
}
export type RedisGate = ReturnType<typeof createRedisGate>;

/** The first words of a Redis error name its kind; what follows may quote a key or a value. */
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split(/[:'"]/)[0]?.slice(0, 80) ?? '';
