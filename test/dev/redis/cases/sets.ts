import type { Case } from './case.ts';

/** Cases of sets and sorted sets. */
export const setsCases: Case[] = [
  {
    name: 'zset basics',
    run: async (redis) => [
      await redis.zadd('z', 1, 'a', 2, 'b', 3, 'c'),
      await redis.zscore('z', 'b'),
      await redis.zrange('z', '0', '-1', 'WITHSCORES'),
      await redis.zrangebyscore('z', 2, '+inf', 'WITHSCORES', 'LIMIT', 0, 1),
      await redis.zrevrange('z', 0, 0),
      await redis.zrank('z', 'c'),
      await redis.zrevrank('z', 'c'),
      await redis.zcard('z'),
      await redis.zcount('z', '(1', '3'),
      await redis.zincrby('z', 10, 'a'),
      await redis.zrem('z', 'b'),
      await redis.zremrangebyscore('z', '-inf', '3'),
      await redis.zrange('z', '0', '-1'),
    ],
    answer: [3, '2', ['a', '1', 'b', '2', 'c', '3'], ['b', '2'], ['c'], 2, 0, 3, 2, '11', 1, 1, ['a']],
  },
  {
    name: 'zadd NX/GT/CH',
    run: async (redis) => [
      await redis.zadd('zg', 'NX', 1, 'a'),
      await redis.zadd('zg', 'GT', 'CH', 0, 'a'),
      await redis.zadd('zg', 'GT', 'CH', 5, 'a'),
      await redis.zadd('zg', 'XX', 'INCR', 1, 'a'),
    ],
    answer: [1, 0, 1, '6'],
  },
  {
    name: 'zrange BYSCORE REV LIMIT',
    run: async (redis) => {
      await redis.zadd('zb', 1, 'a', 2, 'b', 3, 'c');
      return [
        await redis.zrange('zb', '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 2),
        await redis.zrange('zb', '1', '2', 'BYSCORE'),
        await redis.zrange('zb', '0', '0', 'REV'),
      ];
    },
    answer: [['c', 'b'], ['a', 'b'], ['c']],
  },
  {
    name: 'zpopmin/max',
    run: async (redis) => {
      await redis.zadd('zp', 1, 'a', 2, 'b', 3, 'c');
      return [await redis.zpopmin('zp'), await redis.zpopmax('zp', 2)];
    },
    answer: [
      ['a', '1'],
      ['c', '3', 'b', '2'],
    ],
  },
  {
    name: 'zmscore',
    run: async (redis) => {
      await redis.zadd('zm', 1, 'a');
      return redis.zmscore('zm', 'a', 'q');
    },
    answer: ['1', null],
  },
  {
    name: 'zremrangebyrank',
    run: async (redis) => {
      await redis.zadd('zrr', 1, 'a', 2, 'b', 3, 'c');
      return [await redis.zremrangebyrank('zrr', 0, -2), await redis.zrange('zrr', '0', '-1')];
    },
    answer: [2, ['c']],
  },
  {
    name: 'zrangebylex',
    run: async (redis) => {
      await redis.zadd('zl', 0, 'a', 0, 'b', 0, 'c');
      return redis.zrangebylex('zl', '[a', '(c');
    },
    answer: ['a', 'b'],
    refused: "unknown command 'zrangebylex'",
  },
  {
    name: 'zunionstore',
    run: async (redis) => {
      await redis.zadd('zu1', 1, 'a');
      await redis.zadd('zu2', 2, 'a');
      return [await redis.zunionstore('zu3', 2, 'zu1', 'zu2'), await redis.zrange('zu3', '0', '-1', 'WITHSCORES')];
    },
    answer: [1, ['a', '3']],
    refused: "unknown command 'zunionstore'",
  },
  {
    name: 'zscan',
    run: async (redis) => {
      await redis.zadd('zs', 1, 'a');
      return redis.zscan('zs', 0);
    },
    answer: ['0', ['a', '1']],
  },
  {
    name: 'set basics',
    run: async (redis) => [
      await redis.sadd('s', 'a', 'b', 'c'),
      await redis.scard('s'),
      await redis.sismember('s', 'a'),
      await redis.smismember('s', 'a', 'q'),
      (await redis.smembers('s')).sort(),
      await redis.srem('s', 'a'),
      await redis.smove('s', 's2', 'b'),
    ],
    answer: [3, 3, 1, [1, 0], ['a', 'b', 'c'], 1, 1],
  },
  {
    name: 'sinter/sunion/sdiff',
    run: async (redis) => {
      await redis.sadd('si1', 'a', 'b');
      await redis.sadd('si2', 'b', 'c');
      return [
        await redis.sinter('si1', 'si2'),
        (await redis.sunion('si1', 'si2')).sort(),
        await redis.sdiff('si1', 'si2'),
        await redis.sunionstore('si3', 'si1', 'si2'),
      ];
    },
    answer: [['b'], ['a', 'b', 'c'], ['a'], 3],
    refused: "unknown command 'sinter'",
  },
  {
    name: 'sintercard',
    run: async (redis) => {
      await redis.sadd('sc1', 'a', 'b');
      await redis.sadd('sc2', 'b');
      return redis.sintercard(2, 'sc1', 'sc2');
    },
    answer: 1,
    refused: "unknown command 'sintercard'",
  },
  { name: 'geoadd', run: async (redis) => redis.geoadd('geo', 1, 2, 'a'), answer: 1, refused: "unknown command 'geoadd'" },
  {
    name: 'pfadd',
    run: async (redis) => [await redis.pfadd('pf', 'a', 'b'), await redis.pfcount('pf')],
    answer: [1, 2],
    refused: "unknown command 'pfadd'",
  },
];
