import type { Breaker } from '../breaker.ts';
import type { RedisClient, RedisConnection } from '../connect/redis.ts';
import { countRedis, degrade, isSpared, type Log, waitedInVain } from '../telemetry.ts';

interface GateOptions {
  breaker: Breaker;
  log: Log;
  /** Milliseconds since 1970, by the clock that copies are verified with. */
  now: () => number;
  /** Told how each call went. */
  onCall?: (call: { ms: number; failed: boolean }) => void;
}

/**
 * Every call to Redis goes through here: counted, bounded by the client's command timeout, kept away by the breaker while Redis is
 * down. A call that failed answers `undefined` and marks the request degraded; a tier that is switched off only answers `undefined`.
 * A request that waited in vain asks no more for a while, so that it spends one command timeout on a dead Redis and not several.
 */
export function createRedisGate(connection: RedisConnection | undefined, { breaker, log, now, onCall = () => {} }: GateOptions) {
  let doubtedAt = 0;

  function failed(operation: string, error: unknown): void {
    const kind = kindOf(error);
    if (kind === 'of the call') breaker.succeeded();
    else breaker.failed();
    if (kind === 'silence') waitedInVain('redis');
    doubtedAt = now();
    degrade('redis');
    log('warn', 'redis_failed', { operation, breaker: breaker.name(), reason: reasonOf(error) });
  }

  return {
    enabled: connection !== undefined,

    async call<T>(operation: string, work: (client: RedisClient) => Promise<T>): Promise<T | undefined> {
      if (!connection) return undefined;
      if (isSpared('redis') || !breaker.admits()) {
        degrade('redis');
        return undefined;
      }
      const started = performance.now();
      try {
        if (!connection.isReady()) await connection.ready();
        countRedis();
        const answer = await work(connection.client);
        onCall({ ms: performance.now() - started, failed: false });
        breaker.succeeded();
        return answer;
      } catch (error) {
        onCall({ ms: performance.now() - started, failed: true });
        failed(operation, error);
        return undefined;
      }
    },

    /** When (ms) this process last had reason to think that a copy in Redis missed a change: what was verified before is not believed. */
    doubtedAt: () => doubtedAt,
    /** The connection was lost, or a change could not be told to Redis. */
    doubt() {
      doubtedAt = now();
    },
  };
}
export type RedisGate = ReturnType<typeof createRedisGate>;

/** Errors that Redis answers because of what it was asked, like a 4xx; with any other (LOADING, READONLY, OOM …) it says that it cannot. */
const OF_THE_CALL = /^(ERR|WRONGTYPE|NOSCRIPT|CROSSSLOT|EXECABORT)\b/;

function kindOf(error: unknown): 'of the call' | 'refusal' | 'silence' {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return 'silence';
  return OF_THE_CALL.test(error.message) ? 'of the call' : 'refusal';
}

/** The first words of a Redis error name its kind; what follows may quote a key or a value. */
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split(/[:'"]/)[0]?.slice(0, 80) ?? '';
