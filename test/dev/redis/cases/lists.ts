import type { Case } from './case.ts';

/** Cases of lists. */
export const listsCases: Case[] = [
  {
    name: 'lpush/ltrim/lrange',
    run: async (redis) => [
      await redis.lpush('l', 'a', 'b', 'c'),
      await redis.rpush('l', 'd'),
      await redis.ltrim('l', 0, 2),
      await redis.lrange('l', 0, -1),
      await redis.llen('l'),
      await redis.lindex('l', 1),
      await redis.lset('l', 1, 'B'),
      await redis.lrange('l', -2, -1),
    ],
    answer: [3, 4, 'OK', ['c', 'b', 'a'], 3, 'b', 'OK', ['B', 'a']],
  },
  {
    name: 'linsert/lrem',
    run: async (redis) => {
      await redis.rpush('l2', 'a', 'b', 'a', 'c', 'a');
      return [
        await redis.linsert('l2', 'BEFORE', 'b', 'X'),
        await redis.lrem('l2', 2, 'a'),
        await redis.lrange('l2', 0, -1),
        await redis.lrem('l2', -1, 'a'),
        await redis.lrange('l2', 0, -1),
      ];
    },
    answer: [6, 2, ['X', 'b', 'c', 'a'], 1, ['X', 'b', 'c']],
  },
  {
    name: 'lpop count',
    run: async (redis) => {
      await redis.rpush('lp', 'a', 'b', 'c');
      return [await redis.lpop('lp', 2), await redis.rpop('lp'), await redis.lpop('lp'), await redis.exists('lp')];
    },
    answer: [['a', 'b'], 'c', null, 0],
  },
  {
    name: 'lmove',
    run: async (redis) => {
      await redis.rpush('lm', 'a', 'b');
      return [await redis.lmove('lm', 'lm2', 'LEFT', 'RIGHT'), await redis.lrange('lm2', 0, -1)];
    },
    answer: ['a', ['a']],
  },
  {
    name: 'lpos',
    run: async (redis) => {
      await redis.rpush('lpo', 'a', 'b', 'c');
      return redis.lpos('lpo', 'b');
    },
    answer: 1,
  },
  {
    name: 'rpoplpush',
    run: async (redis) => {
      await redis.rpush('rp', 'a', 'b');
      return redis.rpoplpush('rp', 'rp2');
    },
    answer: 'b',
  },
  { name: 'lpushx', run: async (redis) => redis.lpushx('nokey', 'a'), answer: 0 },
  {
    name: 'ltrim to empty deletes',
    run: async (redis) => {
      await redis.rpush('lte', 'a');
      await redis.ltrim('lte', 5, 10);
      return redis.exists('lte');
    },
    answer: 0,
  },
  {
    name: 'blpop immediate',
    run: async (redis) => {
      await redis.rpush('bl', 'a');
      return redis.blpop('bl', 1);
    },
    answer: ['bl', 'a'],
    refused: "unknown command 'blpop'",
  },
  {
    name: 'WRONGTYPE',
    run: async (redis) => {
      await redis.set('wt', '1');
      return redis.lpush('wt', 'a').catch((e) => e.message);
    },
    answer: 'WRONGTYPE Operation against a key holding the wrong kind of value',
  },
  {
    name: 'key expiry with list ttl kept on push',
    run: async (redis) => {
      await redis.rpush('lt', 'a');
      await redis.expire('lt', 100);
      await redis.rpush('lt', 'b');
      return (await redis.ttl('lt')) > 0;
    },
    answer: true,
  },
  {
    name: 'list removal clears ttl',
    run: async (redis) => {
      await redis.rpush('lct', 'a');
      await redis.expire('lct', 100);
      await redis.lpop('lct');
      await redis.rpush('lct', 'b');
      return redis.ttl('lct');
    },
    answer: -1,
  },
  {
    name: 'sort',
    run: async (redis) => {
      await redis.rpush('so', '3', '1', '2');
      return redis.sort('so');
    },
    answer: ['1', '2', '3'],
    refused: "unknown command 'sort'",
  },
];
