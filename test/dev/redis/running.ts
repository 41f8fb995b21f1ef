import { type RedisOptions as ClientOptions, Redis } from 'ioredis';
import { afterEach } from 'vitest';
import { type RedisOptions, type RedisServer, startRedis } from '../../../dev/redis/server.ts';

const servers: RedisServer[] = [];
const clients: { disconnect(): void }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** A server of this test alone, stopped after it. */
export async function start(options: RedisOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  servers.push(server);
  return server;
}

/** A client that does not reconnect unless told to; closed after the test. */
export function connect({ port }: { port: number }, options: ClientOptions = {}): Redis {
  const redis = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null, ...options });
  redis.on('error', () => {});
  clients.push(redis);
  return redis;
}
