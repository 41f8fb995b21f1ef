import type { TokenCredential } from '@azure/identity';
import type { Breaker } from '../breaker.ts';
import type { RedisConfig } from '../config/redis.ts';
import { connectRedis } from '../connect/redis.ts';
import type { Log } from '../telemetry.ts';
import { createRedisGate, type RedisGate } from './redis-gate.ts';

interface OpenOptions {
  credential: TokenCredential;
  breaker: Breaker;
  log: Log;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told how each call went. */
  onCall: (call: { ms: number; failed: boolean }) => void;
}

/** Redis as a tier uses it; without a config the gate answers that the tier is off. Nothing is opened before the first call. */
export function openRedis(config: Readonly<RedisConfig> | undefined, { credential, ...options }: OpenOptions) {
  const onState = (state: string, detail?: string) => {
    if (state === 'reconnecting' || state === 'error') gate.doubt(); // who is connected to next may know less
    options.log(state === 'error' ? 'warn' : 'debug', 'redis_state', { state, detail });
  };
  const connection = config && connectRedis(config, { credential, onState });
  const gate: RedisGate = createRedisGate(connection, options);
  const replicas = config?.scaleReads ? connectRedis(config, { credential, fromReplicas: true, onState }) : undefined;
  return {
    gate,
    /** Where items may be read from instead: replicas, if the settings say so. */
    reads: replicas && createRedisGate(replicas, options),
    connections: [connection, replicas],
    close: async () => void (await Promise.all([connection?.close(), replicas?.close()])),
  };
}
