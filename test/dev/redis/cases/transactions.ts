import { type Case, gone } from './case.ts';

/** What each command of a pipeline or a transaction came to. */
function outcomes(results: [error: Error | null, result: unknown][] | null): unknown {
  return results?.map(([error, value]) => [error ? error.message : null, value]);
}

/** Cases of transactions. */
export const transactionsCases: Case[] = [
  {
    name: 'pipeline',
    run: async (redis) => {
      const results = await redis.pipeline().set('p1', '1').incr('p1').get('p1').lpush('p1', 'x').get('p1').exec();
      return outcomes(results);
    },
    answer: [
      [null, 'OK'],
      [null, 2],
      [null, '2'],
      ['WRONGTYPE Operation against a key holding the wrong kind of value', undefined],
      [null, '2'],
    ],
  },
  {
    name: 'multi',
    run: async (redis) => {
      const results = await redis.multi().set('mu', '1').incr('mu').hset('muh', 'a', 1).expire('muh', 10).exec();
      return outcomes(results);
    },
    answer: [
      [null, 'OK'],
      [null, 2],
      [null, 1],
      [null, 1],
    ],
  },
  {
    name: 'multi with runtime error',
    run: async (redis) => {
      const results = await redis.multi().set('me', 'abc').incr('me').set('me2', '1').exec();
      return outcomes(results);
    },
    answer: [
      [null, 'OK'],
      ['ERR value is not an integer or out of range', undefined],
      [null, 'OK'],
    ],
  },
  {
    name: 'multi pipeline:false',
    run: async (redis) => {
      await redis.multi({ pipeline: false });
      const q = await redis.set('mp', '1');
      const q2 = await redis.incr('mp');
      const results = await redis.exec();
      return [q, q2, results];
    },
    answer: [
      'QUEUED',
      'QUEUED',
      [
        [null, 'OK'],
        [null, 2],
      ],
    ],
  },
  {
    name: 'watch conflict',
    run: async (redis, connect) => {
      const other = connect();
      await redis.set('w', '1');
      await redis.watch('w');
      await other.set('w', '2');
      const results = await redis.multi().set('w', '3').exec();
      const v = await redis.get('w');
      other.disconnect();
      return [results, v];
    },
    answer: [null, '2'],
  },
  {
    name: 'watch ok',
    run: async (redis) => {
      await redis.set('w2', '1');
      await redis.watch('w2');
      const results = await redis.multi().set('w2', '3').exec();
      return [results, await redis.get('w2')];
    },
    answer: [[[null, 'OK']], '3'],
  },
  {
    name: 'discard',
    run: async (redis) => {
      await redis.multi({ pipeline: false });
      await redis.set('dd', '1');
      return [await redis.discard(), await redis.get('dd')];
    },
    answer: ['OK', null],
  },
  { name: 'unwatch', run: (redis) => redis.unwatch(), answer: 'OK' },
  {
    name: 'exec returns null after a watched key expired',
    run: async (redis, connect) => {
      await redis.set('we', '1', 'PX', 20);
      await redis.watch('we');
      await gone(connect(), 'we');
      return redis.multi().set('we', '2').exec();
    },
    answer: null,
  },
];
