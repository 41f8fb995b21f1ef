import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startRedis } from '../../../dev/redis/server.ts';
import { realRedisVersion, startRealRedis } from './real-redis.ts';
import { type Address, wireClient } from './wire.ts';

const key = fc.constantFrom('a', 'b', 'c');
const member = fc.constantFrom('x', 'y', 'z', '1', '');
const integer = fc.constantFrom('0', '1', '-1', '2', '-2', '5', '-100', '100', 'no', '1.5', '9223372036854775807');
const score = fc.constantFrom('0', '1', '-1', '2.5', '0.1', 'inf', '-inf', '1e3', 'no');
const bound = fc.constantFrom('-inf', '+inf', '0', '(0', '1', '(1', '2.5', 'no');
const seconds = fc.constantFrom('1000', '5000', '-1', '0', 'no');

const word = (text: string) => fc.constant(text);
const words = (...parts: fc.Arbitrary<string | string[]>[]) => fc.tuple(...parts).map((list) => list.flat());
const some = (part: fc.Arbitrary<string | string[]>, maxLength = 3) => fc.array(part, { maxLength }).map((list) => list.flat());
const flags = (...names: string[]) => fc.shuffledSubarray(names, { maxLength: Math.min(3, names.length) });
const pair = fc.tuple(member, member).map((both) => [...both]);
const scored = fc.tuple(score, member).map((both) => [...both]);

// Times are far away and left out of the answers, and so are answers without an order: the rest must be equal byte for byte.
const command = fc.oneof(
  words(word('SET'), key, fc.oneof(member, integer), flags('NX', 'XX', 'GET', 'KEEPTTL')),
  words(word('SET'), key, member, word('EX'), seconds, flags('NX', 'XX', 'GET', 'KEEPTTL')),
  words(fc.constantFrom('GET', 'STRLEN', 'GETDEL', 'INCR', 'DECR', 'TYPE', 'TTL', 'PERSIST', 'EXISTS', 'DEL'), key),
  words(fc.constantFrom('GETEX'), key, flags('PERSIST')),
  words(fc.constantFrom('INCRBY', 'DECRBY', 'APPEND', 'SETNX', 'GETSET'), key, integer),
  words(word('GETRANGE'), key, integer, integer),
  words(word('SETRANGE'), key, fc.constantFrom('0', '1', '5', '-1', 'no'), member),
  words(fc.constantFrom('EXPIRE', 'PEXPIRE'), key, seconds, flags('NX', 'XX', 'GT', 'LT')),
  words(fc.constantFrom('RENAME', 'RENAMENX', 'COPY', 'RPOPLPUSH'), key, key),
  words(word('COPY'), key, key, word('REPLACE')),
  words(fc.constantFrom('MGET', 'EXISTS', 'DEL', 'UNLINK', 'TOUCH'), some(key)),
  words(fc.constantFrom('MSET', 'MSETNX'), some(fc.tuple(key, member).map((both) => [...both]))),
  words(fc.constantFrom('HSET', 'HMSET'), key, some(pair)),
  words(fc.constantFrom('HGET', 'HEXISTS', 'HSTRLEN'), key, member),
  words(
    fc.constantFrom('HMGET', 'HDEL', 'SADD', 'SREM', 'SMISMEMBER', 'ZREM', 'ZMSCORE', 'LPUSH', 'RPUSH', 'LPUSHX', 'RPUSHX'),
    key,
    some(member),
  ),
  words(fc.constantFrom('HGETALL', 'HKEYS', 'HVALS', 'HLEN', 'LLEN', 'SCARD', 'ZCARD'), key),
  words(word('HSETNX'), key, member, member),
  words(fc.constantFrom('HINCRBY'), key, member, integer),
  words(fc.constantFrom('LPOP', 'RPOP', 'ZPOPMIN', 'ZPOPMAX'), key, some(integer, 2)),
  words(fc.constantFrom('LRANGE', 'LTRIM', 'ZREMRANGEBYRANK'), key, integer, integer),
  words(word('LINDEX'), key, integer),
  words(word('LSET'), key, integer, member),
  words(word('LREM'), key, integer, member),
  words(word('LINSERT'), key, fc.constantFrom('BEFORE', 'AFTER', 'NO'), member, member),
  words(word('LPOS'), key, member, some(fc.tuple(fc.constantFrom('RANK', 'COUNT', 'MAXLEN'), integer).map((both) => [...both]))),
  words(word('LMOVE'), key, key, fc.constantFrom('LEFT', 'RIGHT'), fc.constantFrom('LEFT', 'RIGHT', 'NO')),
  words(fc.constantFrom('SISMEMBER', 'ZSCORE', 'ZRANK', 'ZREVRANK'), key, member),
  words(word('SMOVE'), key, key, member),
  words(word('ZADD'), key, flags('NX', 'XX', 'GT', 'LT', 'CH', 'INCR'), some(scored)),
  words(word('ZINCRBY'), key, score, member),
  words(fc.constantFrom('ZCOUNT', 'ZREMRANGEBYSCORE'), key, bound, bound),
  words(word('ZRANGE'), key, integer, integer, flags('REV', 'WITHSCORES')),
  words(word('ZRANGE'), key, bound, bound, word('BYSCORE'), flags('REV', 'WITHSCORES')),
  words(word('ZRANGE'), key, bound, bound, word('BYSCORE'), word('LIMIT'), integer, integer, flags('REV', 'WITHSCORES')),
  words(word('ZREVRANGE'), key, integer, integer, flags('WITHSCORES')),
  words(fc.constantFrom('ZRANGEBYSCORE', 'ZREVRANGEBYSCORE'), key, bound, bound, flags('WITHSCORES')),
  words(fc.constantFrom('MULTI', 'EXEC', 'DISCARD', 'UNWATCH')),
  words(word('WATCH'), key),
  words(
    word('EVAL'),
    word('return redis.pcall(ARGV[1], KEYS[1], ARGV[2], ARGV[3])'),
    word('1'),
    key,
    fc.constantFrom('HSET', 'LRANGE', 'NO'),
    member,
    integer,
  ),
  words(fc.constantFrom('NOSUCH', 'get', 'hset')),
);

async function answers(address: Address, protocol: string, commands: string[][]): Promise<string[]> {
  const client = await wireClient(address);
  await client.send('FLUSHALL');
  await client.send('HELLO', protocol);
  const replies: string[] = [];
  for (const sent of commands) replies.push(`${sent.join(' ')} => ${await client.send(...sent)}`);
  client.close();
  return replies;
}

test.runIf(realRedisVersion)('any sequence of commands is answered as a real redis-server answers it, byte for byte', async () => {
  const real = await startRealRedis();
  const standIn = await startRedis();
  try {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('2', '3'), fc.array(command, { minLength: 5, maxLength: 60 }), async (protocol, commands) => {
        const [expected, actual] = await Promise.all([
          answers({ path: real.path }, protocol, commands),
          answers({ port: standIn.port, host: '127.0.0.1' }, protocol, commands),
        ]);
        expect(actual).toEqual(expected);
      }),
      { seed: Number(process.env.FUZZ_SEED ?? 7), numRuns: Number(process.env.FUZZ_RUNS ?? 150) },
    );
  } finally {
    await Promise.all([real.stop(), standIn.stop()]);
  }
});
