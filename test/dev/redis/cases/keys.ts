import type { Case } from './case.ts';

/** Cases of keys. */
export const keysCases: Case[] = [
  {
    name: 'exists/del/unlink',
    run: async (redis) => {
      await redis.mset('e1', '1', 'e2', '2');
      return [await redis.exists('e1', 'e2', 'e3'), await redis.del('e1', 'zz'), await redis.unlink('e2')];
    },
    answer: [2, 1, 1],
  },
  {
    name: 'expire NX/XX/GT/LT',
    run: async (redis) => {
      await redis.set('ex', '1');
      return [
        await redis.expire('ex', 100, 'XX'),
        await redis.expire('ex', 100, 'NX'),
        await redis.expire('ex', 50, 'GT'),
        await redis.expire('ex', 50, 'LT'),
        await redis.ttl('ex'),
      ];
    },
    answer: [0, 1, 0, 1, 50],
  },
  {
    name: 'persist/pttl',
    run: async (redis) => {
      await redis.set('ps', '1', 'EX', 100);
      return [await redis.persist('ps'), await redis.pttl('ps')];
    },
    answer: [1, -1],
  },
  {
    name: 'expireat/expiretime',
    run: async (redis) => {
      await redis.set('ea', '1');
      const t = Math.floor(Date.now() / 1000) + 1000;
      return [await redis.expireat('ea', t), (await redis.expiretime('ea')) === t];
    },
    answer: [1, true],
  },
  {
    name: 'type',
    run: async (redis) => {
      await redis.lpush('tl', '1');
      await redis.hset('th', 'a', '1');
      await redis.zadd('tz', 1, 'a');
      await redis.sadd('ts', 'a');
      return [await redis.type('tl'), await redis.type('th'), await redis.type('tz'), await redis.type('ts'), await redis.type('none')];
    },
    answer: ['list', 'hash', 'zset', 'set', 'none'],
  },
  {
    name: 'scan match count',
    run: async (redis) => {
      for (let i = 0; i < 25; i++) await redis.set(`scan:${i}`, '1');
      let cur = '0';
      const out: string[] = [];
      do {
        const [c, k] = await redis.scan(cur, 'MATCH', 'scan:*', 'COUNT', 7);
        cur = c;
        out.push(...k);
      } while (cur !== '0');
      return [new Set(out).size, typeof cur];
    },
    answer: [25, 'string'],
  },
  {
    name: 'scan TYPE',
    run: async (redis) => {
      await redis.hset('st:h', 'a', 1);
      await redis.set('st:s', '1');
      let cur = '0';
      const out: string[] = [];
      do {
        const [c, k] = await redis.scan(cur, 'MATCH', 'st:*', 'COUNT', 1000, 'TYPE', 'hash');
        cur = c;
        out.push(...k);
      } while (cur !== '0');
      return out;
    },
    answer: ['st:h'],
  },
  {
    name: 'scan with delete during iteration',
    run: async (redis) => {
      for (let i = 0; i < 60; i++) await redis.set(`sd:${i}`, '1');
      let cur = '0';
      let n = 0;
      do {
        const [c, k] = await redis.scan(cur, 'MATCH', 'sd:*', 'COUNT', 10);
        cur = c;
        if (k.length) n += await redis.del(...k);
      } while (cur !== '0');
      return [n, (await redis.keys('sd:*')).length];
    },
    answer: [60, 0],
  },
  {
    name: 'scanStream',
    run: async (redis) => {
      for (let i = 0; i < 5; i++) await redis.set(`ss:${i}`, '1');
      let n = 0;
      for await (const ks of redis.scanStream({ match: 'ss:*', count: 2 })) n += ks.length;
      return n;
    },
    answer: 5,
  },
  {
    name: 'keys glob',
    run: async (redis) => {
      await redis.mset('kg:a1', '1', 'kg:b1', '1', 'kg:[x]', '1');
      return [(await redis.keys('kg:[ab]1')).sort(), await redis.keys('kg:\\[x\\]'), await redis.keys('kg:?1').then((a) => a.length)];
    },
    answer: [['kg:a1', 'kg:b1'], ['kg:[x]'], 2],
  },
  {
    name: 'rename/renamenx/copy',
    run: async (redis) => {
      await redis.set('rn', '1');
      return [await redis.rename('rn', 'rn2'), await redis.get('rn2'), await redis.copy('rn2', 'rn3')];
    },
    answer: ['OK', '1', 1],
  },
  {
    name: 'touch',
    run: async (redis) => {
      await redis.set('tc', '1');
      return redis.touch('tc');
    },
    answer: 1,
  },
  {
    name: 'del clears ttl',
    run: async (redis) => {
      await redis.set('dt', '1', 'EX', 100);
      await redis.del('dt');
      await redis.set('dt', '1');
      return redis.ttl('dt');
    },
    answer: -1,
  },
];
