import { once } from 'node:events';

import type { Case } from './case.ts';

/** Cases of streams and pub/sub (not done by the stand-in). */
export const streamsCases: Case[] = [
  {
    name: 'stream add/range/len',
    run: async (redis) => [
      await redis.xadd('x1', '1-1', 'f', 'v'),
      await redis.xadd('x1', '1-2', 'f', 'w'),
      await redis.xlen('x1'),
      await redis.xrange('x1', '-', '+'),
      await redis.xrevrange('x1', '+', '-', 'COUNT', 1),
      await redis.xread('COUNT', 10, 'STREAMS', 'x1', '1-1'),
    ],
    answer: [
      '1-1',
      '1-2',
      2,
      [
        ['1-1', ['f', 'v']],
        ['1-2', ['f', 'w']],
      ],
      [['1-2', ['f', 'w']]],
      [['x1', [['1-2', ['f', 'w']]]]],
    ],
    refused: "unknown command 'xadd'",
  },
  {
    name: 'stream maxlen',
    run: async (redis) => {
      for (let i = 1; i <= 5; i++) await redis.xadd('x2', 'MAXLEN', '2', `${i}-0`, 'f', 'v');
      return redis.xlen('x2');
    },
    answer: 2,
    refused: "unknown command 'xadd'",
  },
  {
    name: 'stream group',
    run: async (redis) => {
      await redis.xadd('x3', '1-1', 'f', 'v');
      return [
        await redis.xgroup('CREATE', 'x3', 'g', '0'),
        await redis.xreadgroup('GROUP', 'g', 'c', 'COUNT', 1, 'STREAMS', 'x3', '>'),
        await redis.xack('x3', 'g', '1-1'),
      ];
    },
    answer: ['OK', [['x3', [['1-1', ['f', 'v']]]]], 1],
    refused: "unknown command 'xadd'",
  },
  {
    name: 'xdel/xtrim',
    run: async (redis) => {
      await redis.xadd('x4', '1-1', 'f', 'v');
      return [await redis.xdel('x4', '1-1'), await redis.xtrim('x4', 'MAXLEN', 0)];
    },
    answer: [1, 0],
    refused: "unknown command 'xadd'",
  },
  {
    name: 'pubsub',
    run: async (redis, connect) => {
      const other = connect();
      const received = once(other, 'message');
      await other.subscribe('ch');
      const listeners = await redis.publish('ch', 'hi');
      return [listeners, await received];
    },
    answer: [1, ['ch', 'hi']],
    refused: "unknown command 'subscribe'",
  },
  {
    name: 'psubscribe',
    run: async (redis, connect) => {
      const other = connect();
      const received = once(other, 'pmessage');
      await other.psubscribe('ch*');
      await redis.publish('chX', 'hi');
      return received;
    },
    answer: ['ch*', 'chX', 'hi'],
    refused: "unknown command 'psubscribe'",
  },
];
