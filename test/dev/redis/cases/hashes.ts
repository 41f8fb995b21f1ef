import type { Case } from './case.ts';

/** Cases of hashes. */
export const hashesCases: Case[] = [
  {
    name: 'hash basics',
    run: async (redis) => [
      await redis.hset('h', { a: 1, b: 'x', c: '3' }),
      await redis.hget('h', 'a'),
      await redis.hgetall('h'),
      await redis.hmget('h', 'a', 'zz'),
      await redis.hdel('h', 'b'),
      await redis.hlen('h'),
      await redis.hkeys('h'),
      await redis.hvals('h'),
      await redis.hexists('h', 'a'),
      await redis.hincrby('h', 'a', 4),
      await redis.hincrbyfloat('h', 'c', 1.5),
      await redis.hsetnx('h', 'a', '9'),
      await redis.hstrlen('h', 'c'),
    ],
    answer: [3, '1', { a: '1', b: 'x', c: '3' }, ['1', null], 1, 2, ['a', 'c'], ['1', '3'], 1, 5, '4.5', 0, 3],
  },
  { name: 'hgetall missing', run: async (redis) => redis.hgetall('none'), answer: {} },
  {
    name: 'hset multi args',
    run: async (redis) => [await redis.hset('hm', 'a', 1, 'b', 2), await redis.hset('hm', 'a', 3, 'd', 4)],
    answer: [2, 1],
  },
  {
    name: 'hrandfield',
    run: async (redis) => {
      await redis.hset('hr', 'a', 1);
      return redis.hrandfield('hr');
    },
    answer: 'a',
    refused: "unknown command 'hrandfield'",
  },
  {
    name: 'hscan',
    run: async (redis) => {
      await redis.hset('hs', { a: 1, b: 2 });
      const [c, v] = await redis.hscan('hs', 0);
      return [c, v.length];
    },
    answer: ['0', 4],
  },
  {
    name: 'HEXPIRE',
    run: async (redis) => {
      await redis.hset('hx', 'a', 1, 'b', 2);
      return redis.call('HEXPIRE', 'hx', '100', 'FIELDS', '1', 'a');
    },
    answer: { error: "ERR unknown command 'HEXPIRE', with args beginning with: 'hx' '100' 'FIELDS' '1' 'a' " },
  },
  {
    name: 'hexpire method',
    run: async (redis) => {
      await redis.hset('hx2', 'a', 1, 'b', 2);
      return redis.hexpire('hx2', 100, 'FIELDS', 1, 'a');
    },
    answer: { error: "ERR unknown command 'hexpire', with args beginning with: 'hx2' '100' 'FIELDS' '1' 'a' " },
  },
  {
    name: 'httl',
    run: async (redis) => {
      await redis.hset('hx3', 'a', 1);
      return redis.httl('hx3', 'FIELDS', 1, 'a');
    },
    answer: { error: "ERR unknown command 'httl', with args beginning with: 'hx3' 'FIELDS' '1' 'a' " },
  },
  {
    name: 'hset keeps ttl / set clears ttl',
    run: async (redis) => {
      await redis.hset('ht', 'a', 1);
      await redis.expire('ht', 100);
      await redis.hset('ht', 'b', 1);
      const a = (await redis.ttl('ht')) > 0;
      await redis.set('st', '1', 'EX', 100);
      await redis.set('st', '2');
      return [a, await redis.ttl('st')];
    },
    answer: [true, -1],
  },
  {
    name: 'hset wrong arity',
    run: async (redis) => redis.hset('ha', 'onlyfield').catch((e) => e.message),
    answer: "ERR wrong number of arguments for 'hset' command",
  },
];
