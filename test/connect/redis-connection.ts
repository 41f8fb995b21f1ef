import { afterEach } from 'vitest';
import { type RedisServer, startRedis } from '../../dev/redis/server.ts';
import { loadConfig } from '../../src/lib/config.ts';
import { connectRedis, type RedisConnectionOptions } from '../../src/lib/connect/redis.ts';

export const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A stand-in for one test. */
export async function server(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const redis = await startRedis({ port: 0, ...options });
  cleanups.push(() => redis.stop());
  return redis;
}

/** A connection of our own, closed after the test. */
export function connect(url: string, { env = {}, ...options }: RedisConnectionOptions & { env?: Record<string, string> } = {}) {
  const patient = { REDIS_COMMAND_TIMEOUT_MS: '5000' }; // a busy machine is no dead server
  const { redis } = loadConfig({ AZURE_FUNCTIONS_ENVIRONMENT: 'Development', REDIS_URL: url, ...patient, ...env });
  if (!redis) throw new Error('no Redis configured');
  const connection = connectRedis(redis, options);
  cleanups.push(() => connection.close());
  return connection;
}

/** How some work ended, and in how many milliseconds. */
export const timed = async (work: Promise<unknown>) => {
  const started = performance.now();
  const outcome = await work.then(
    () => 'done',
    (error: Error) => error.message,
  );
  return { outcome, ms: performance.now() - started };
};
