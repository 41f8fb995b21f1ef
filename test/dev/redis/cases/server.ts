import type { Case } from './case.ts';

/** Cases of the server and the connection. */
export const serverCases: Case[] = [
  {
    name: 'unknown cmd',
    run: async (redis) => redis.call('NOSUCH').catch((e) => e.message),
    answer: "ERR unknown command 'NOSUCH', with args beginning with: ",
  },
  {
    name: 'dbsize/flushdb',
    run: async (redis) => {
      await redis.set('zz', '1');
      return [await redis.dbsize(), await redis.flushdb(), await redis.dbsize()];
    },
    answer: [1, 'OK', 0],
  },
  { name: 'info memory', run: async (redis) => /used_memory/.test(await redis.info('memory')), answer: true },
  {
    name: 'memory usage',
    run: async (redis) => {
      await redis.set('mem', '1');
      return typeof (await redis.memory('USAGE', 'mem'));
    },
    answer: 'number',
    refused: "unknown command 'memory'",
  },
  {
    name: 'object encoding',
    run: async (redis) => {
      await redis.set('oe', '1');
      return redis.object('ENCODING', 'oe');
    },
    answer: 'int',
    refused: "unknown command 'object'",
  },
  {
    name: 'select',
    run: async (redis) =>
      redis.select(1).then(async (v) => {
        await redis.select(0);
        return v;
      }),
    answer: 'OK',
  },
  {
    name: 'ping/echo/time',
    run: async (redis) => [await redis.ping(), await redis.echo('q'), (await redis.time()).length],
    answer: ['PONG', 'q', 2],
  },
  {
    name: 'keyPrefix',
    run: async (redis, connect) => {
      const k = connect({ keyPrefix: 'pre:' });
      await k.set('a', '1');
      const out = [await redis.get('pre:a'), await k.keys('*')];
      k.disconnect();
      return out.map((x) => (Array.isArray(x) ? x.includes('pre:a') : x));
    },
    answer: ['1', true],
  },
  { name: 'client setname', run: async (redis) => redis.client('SETNAME', 'x'), answer: 'OK' },
  {
    name: 'config set',
    run: async (redis) => redis.config('SET', 'maxmemory-policy', 'noeviction'),
    answer: 'OK',
    refused: "unknown subcommand 'SET'",
  },
  { name: 'command count', run: async (redis) => redis.call('COMMAND', 'COUNT').then((v) => typeof v), answer: 'number' },
];
