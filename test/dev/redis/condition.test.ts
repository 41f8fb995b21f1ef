import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { realRedisVersion, startRealRedis } from './real-redis.ts';
import { connect, start } from './running.ts';

type Command = [name: string, ...args: (string | number)[]];
const hset = "redis.call('HSET', KEYS[1], 'a', '1') return 1";

/** Reads, what takes memory, what gives it back, and scripts that begin with either. */
const COMMANDS: Command[] = [
  ['GET', 'text'],
  ['HGETALL', 'hash'],
  ['TTL', 'hash'],
  ['SET', 'text', '2'],
  ['RPUSH', 'list', 'c'],
  ['ZADD', 'sorted', 1, 'a'],
  ['INCR', 'number'],
  ['LPOP', 'list'],
  ['HDEL', 'hash', 'nothing'],
  ['EXPIRE', 'hash', 100],
  ['EVAL', "return redis.call('HGET', KEYS[1], 'gen')", 1, 'hash'],
  ['EVAL', hset, 1, 'hash'],
  ['EVAL', `redis.call('HDEL', KEYS[1], 'nothing') ${hset}`, 1, 'hash'],
  ['EVAL', "return redis.pcall('HSET', KEYS[1], 'b', '2')", 1, 'hash'],
  ['HGETALL', 'hash'],
  ['MULTI'],
  ['RPUSH', 'list', 'd'],
  ['EXEC'],
];

async function fill(redis: Redis): Promise<void> {
  await redis.set('text', '1');
  await redis.hset('hash', 'gen', 'g');
  await redis.rpush('list', 'a', 'b');
}

async function answers(redis: Redis): Promise<string[]> {
  const all: string[] = [];
  for (const [name, ...args] of COMMANDS) {
    const answer = await redis.call(name, ...args).catch((error: Error) => error.message);
    all.push(`${name}: ${JSON.stringify(answer)}`);
  }
  return all;
}

describe.runIf(realRedisVersion)('a real server answers the same', () => {
  const real = async (prepare: (redis: Redis) => Promise<unknown>) => {
    const server = await startRealRedis();
    const redis = new Redis({ path: server.path });
    try {
      await fill(redis);
      await prepare(redis);
      return await answers(redis);
    } finally {
      redis.disconnect();
      await server.stop();
    }
  };
  const standIn = async (condition: 'full' | 'replica') => {
    const server = await start();
    const redis = connect(server);
    await fill(redis);
    server.become(condition);
    return answers(redis);
  };

  test('when its memory is full', async () => {
    expect(await standIn('full')).toEqual(await real((redis) => redis.config('SET', 'maxmemory', '1')));
  });

  test('when it is a replica', async () => {
    expect(await standIn('replica')).toEqual(await real((redis) => redis.replicaof('127.0.0.1', 1)));
  });
});

test('a server that loads answers who asks how it is, and nothing else', async () => {
  const server = await start();
  const redis = connect(server, { enableReadyCheck: false });
  await redis.set('text', '1');
  server.become('loading');
  for (const command of [redis.get('text'), redis.set('text', '2'), redis.eval('return 1', 0), redis.ping()]) {
    await expect(command).rejects.toThrow('LOADING Redis is loading the dataset in memory');
  }
  expect(await redis.info('persistence')).toContain('loading:1');
  expect(await redis.select(0)).toBe('OK');
  server.become('well');
  expect(await redis.get('text')).toBe('1');
});

test('a server that restarted empty knows neither keys nor scripts, and its clients must connect anew', async () => {
  const server = await start();
  const redis = connect(server, { retryStrategy: () => 10 });
  await redis.set('text', '1');
  const sha = String(await redis.script('LOAD', 'return 1'));
  const closed = new Promise((resolve) => redis.once('close', resolve));
  server.restartEmpty();
  await closed;
  expect(await redis.get('text')).toBeNull();
  await expect(redis.evalsha(sha, 0)).rejects.toThrow('NOSCRIPT');
});

test('connections that are turned away are counted', async () => {
  const server = await start();
  server.faults.refuse(true);
  await expect(connect(server, { maxRetriesPerRequest: 0 }).get('a')).rejects.toThrow();
  expect(server.faults.turnedAway).toBe(1);
});
