import { type Case, gone } from './case.ts';

/** Cases of scripts. */
export const scriptsCases: Case[] = [
  {
    name: 'eval basic',
    run: async (redis) => [
      await redis.eval('return {KEYS[1],ARGV[1],#ARGV}', 1, 'k', 'v'),
      await redis.eval("redis.call('SET',KEYS[1],ARGV[1]) return redis.call('GET',KEYS[1])", 1, 'ek', 'ev'),
    ],
    answer: [['k', 'v', 1], 'ev'],
  },
  { name: 'eval cjson', run: async (redis) => redis.eval('return cjson.encode({a=1,b={1,2}})', 0), answer: '{"a":1,"b":[1,2]}' },
  {
    name: 'eval cjson decode',
    run: async (redis) => redis.eval('local t=cjson.decode(ARGV[1]) return t.x', 0, '{"x":"hey"}'),
    answer: 'hey',
  },
  {
    name: 'eval status/err reply',
    run: async (redis) => [
      await redis.eval("return redis.status_reply('FINE')", 0),
      await redis.eval("return redis.error_reply('MYERR bad')", 0).catch((e) => `E:${e.message}`),
    ],
    answer: ['FINE', 'E:MYERR bad'],
  },
  {
    name: 'eval pcall',
    run: async (redis) =>
      redis.eval("local ok=redis.pcall('INCR',KEYS[1]) if type(ok)=='table' and ok.err then return 'caught' end return ok", 1, 'ek'),
    answer: 1,
  },
  {
    name: 'eval nil/false/bool/float',
    run: async (redis) => [
      await redis.eval('return nil', 0),
      await redis.eval('return false', 0),
      await redis.eval('return true', 0),
      await redis.eval('return 3.99', 0),
    ],
    answer: [null, null, 1, 3],
  },
  { name: 'eval TIME', run: async (redis) => await redis.eval("local t=redis.call('TIME') return #t", 0), answer: 2 },
  {
    name: 'eval lock release',
    run: async (redis) => {
      await redis.set('lock', 'tok');
      const s = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end";
      return [await redis.eval(s, 1, 'lock', 'bad'), await redis.eval(s, 1, 'lock', 'tok')];
    },
    answer: [0, 1],
  },
  {
    name: 'eval list loop',
    run: async (redis) =>
      redis.eval(
        "for i=1,5 do redis.call('RPUSH',KEYS[1],i) end redis.call('LTRIM',KEYS[1],-3,-1) return redis.call('LRANGE',KEYS[1],0,-1)",
        1,
        'evl',
      ),
    answer: ['3', '4', '5'],
  },
  {
    name: 'eval hgetall in lua',
    run: async (redis) => {
      await redis.hset('elh', 'a', '1', 'b', '2');
      return redis.eval("return redis.call('HGETALL',KEYS[1])", 1, 'elh');
    },
    answer: ['a', '1', 'b', '2'],
  },
  {
    name: 'eval zrangebyscore withscores',
    run: async (redis) => {
      await redis.zadd('elz', 1, 'a', 2, 'b');
      return redis.eval("return redis.call('ZRANGEBYSCORE',KEYS[1],'-inf','+inf','WITHSCORES')", 1, 'elz');
    },
    answer: ['a', '1', 'b', '2'],
  },
  {
    name: 'eval tonumber arithmetic',
    run: async (redis) => {
      await redis.set('en', '5');
      return redis.eval(
        "local n=tonumber(redis.call('GET',KEYS[1]) or '0'); n=n+tonumber(ARGV[1]); redis.call('SET',KEYS[1],n,'EX',100); return {n,redis.call('TTL',KEYS[1])}",
        1,
        'en',
        '7',
      );
    },
    answer: [12, 100],
  },
  {
    name: 'eval missing key false',
    run: async (redis) => redis.eval("if redis.call('GET',KEYS[1])==false then return 'nil!' else return 'other' end", 1, 'nokeyx'),
    answer: 'nil!',
  },
  {
    name: 'eval cmsgpack',
    run: async (redis) => redis.eval('return #cmsgpack.pack({1,2})', 0),
    answer: 3,
    refused: "nonexistent global variable 'cmsgpack'",
  },
  { name: 'eval string.format', run: async (redis) => redis.eval("return string.format('%d:%s',5,'x')", 0), answer: '5:x' },
  {
    name: 'defineCommand',
    run: async (redis) => {
      redis.defineCommand('myecho', { numberOfKeys: 1, lua: 'return {KEYS[1],ARGV[1]}' });
      return Reflect.apply(Reflect.get(redis, 'myecho'), redis, ['k', 'v']);
    },
    answer: ['k', 'v'],
  },
  {
    name: 'script load/evalsha',
    run: async (redis) => {
      const sha = String(await redis.script('LOAD', 'return ARGV[1]'));
      return [sha, await redis.evalsha(sha, 0, 'q')];
    },
    answer: ['098e0f0d1448c0a81dafe820f66d460eb09263da', 'q'],
  },
  {
    name: 'evalsha noscript',
    run: async (redis) => redis.evalsha('ffffffffffffffffffffffffffffffffffffffff', 0).catch((e) => e.message),
    answer: 'NOSCRIPT No matching script. Please use EVAL.',
  },
  {
    name: 'lua ttl expiry mix',
    run: async (redis) => {
      await redis.set('le', '1', 'PX', 20);
      await gone(redis, 'le');
      return redis.eval("return redis.call('EXISTS', KEYS[1])", 1, 'le');
    },
    answer: 0,
  },
];
