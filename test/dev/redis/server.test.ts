import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { type RedisOptions, type RedisServer, startRedis } from '../../../dev/redis/server.ts';

const open: { disconnect(): void }[] = [];
const running: RedisServer[] = [];

async function start(options: RedisOptions = {}) {
  const server = await startRedis(options);
  running.push(server);
  return server;
}

function connect({ port }: { port: number }, options: object = {}): Redis {
  const redis = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null, ...options });
  redis.on('error', () => {});
  open.push(redis);
  return redis;
}

afterEach(async () => {
  for (const client of open.splice(0)) client.disconnect();
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

test('a client is greeted, with a password only when it knows it', async () => {
  const server = await start({ user: 'keepsake', password: 'secret' });
  await expect(connect(server, { username: 'keepsake', password: 'secret' }).ping()).resolves.toBe('PONG');
  await expect(connect(server, { username: 'keepsake', password: 'wrong' }).ping()).rejects.toThrow();
  await expect(connect(server).ping()).rejects.toThrow('NOAUTH');
});

test('bytes come back as they were sent, in keys, values and scripts', async () => {
  const redis = connect(await start());
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  await redis.set(bytes, bytes);
  await expect(redis.getBuffer(bytes)).resolves.toEqual(bytes);
  await expect(redis.callBuffer('EVAL', "return redis.call('GET', KEYS[1])", 1, bytes)).resolves.toEqual(bytes);
  await expect(redis.eval('local t = {[ARGV[1]] = 1, [ARGV[2]] = 2} return t[ARGV[1]]', 0, '\x01\x11', '\x11\x01')).resolves.toBe(1);
});

test('numbers in scripts are doubles, as in Lua 5.1', async () => {
  const redis = connect(await start());
  await expect(redis.eval("return tostring(tonumber('1700000000') * 1000) .. ' ' .. 10 / 2", 0)).resolves.toBe('1700000000000 5');
});

test('commands written together are one round trip, and what a client sends on connecting is none', async () => {
  const server = await start();
  const redis = connect(server);
  await redis.ping();
  server.calls.reset();
  await Promise.all([redis.get('a'), redis.hgetall('b'), redis.lrange('c', 0, -1)]);
  await redis.get('a');
  expect(server.calls.roundTrips).toBe(2);
  expect(server.calls.count('get')).toBe(2);
  connect(server);
  await redis.script('LOAD', 'return 1');
  expect(server.calls.roundTrips).toBe(2);
});
