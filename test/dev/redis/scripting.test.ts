import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis } from '../../../dev/redis/server.ts';
import { realRedisVersion, startRealRedis } from './real-redis.ts';
import { type WireClient, wireClient } from './wire.ts';

/** Script, then numkeys, keys and arguments; the answer as it stands on the wire in RESP2. SHA stands for the script's SHA-1. */
const answers: [script: string, rest: string[], answer: string][] = [
  ['return {1, 2, nil, 4}', ['0'], '*2\r\n:1\r\n:2\r\n'],
  ["return {1.9, -1.9, true, false, 'x', {1, {2}}}", ['0'], '*6\r\n:1\r\n:-1\r\n:1\r\n$-1\r\n$1\r\nx\r\n*2\r\n:1\r\n*1\r\n:2\r\n'],
  ['return 1e300', ['0'], ':-9223372036854775808\r\n'],
  ['return #KEYS + #ARGV', ['2', 'a', 'b', 'c'], ':3\r\n'],
  ['return KEYS[3]', ['2', 'a', 'b', 'c'], '$-1\r\n'],
  ["return redis.status_reply('FINE x')", ['0'], '+FINE x\r\n'],
  ["return redis.error_reply('CODE x')", ['0'], '-CODE x\r\n'],
  ["return redis.error_reply('oops')", ['0'], '-ERR oops\r\n'],
  ["return {err = 'CODE x'}", ['0'], '-CODE x\r\n'],
  ["return redis.sha1hex('')", ['0'], '$40\r\nda39a3ee5e6b4b0d3255bfef95601890afd80709\r\n'],
  ["return redis.call('SET', KEYS[1], 'v').ok", ['1', 'k'], '$2\r\nOK\r\n'],
  ["return redis.call('GET', KEYS[1]) == false", ['1', 'absent'], ':1\r\n'],
  ["return redis.call('HGETALL', KEYS[1])", ['1', 'absent'], '*0\r\n'],
  ["redis.call('SET', KEYS[1], 0.1) return redis.call('GET', KEYS[1])", ['1', 'n'], '$19\r\n0.10000000000000001\r\n'],
  ["redis.call('SET', KEYS[1], 1e17) return redis.call('GET', KEYS[1])", ['1', 'n'], '$5\r\n1e+17\r\n'],
  ["redis.call('SET', KEYS[1], 1700000000000) return redis.call('GET', KEYS[1])", ['1', 'n'], '$13\r\n1700000000000\r\n'],
  ["return tostring(1e15) .. ' ' .. 10 / 2 .. ' ' .. 0.1 .. ' ' .. 1700000000 * 1000", ['0'], '$25\r\n1e+15 5 0.1 1700000000000\r\n'],
  [
    "return string.format('%d|%5d|%-5d|%05d|%s|%.2f|%x', 1700000000000, 3.7, 4, 5, 6, 1.005, 255)",
    ['0'],
    '$41\r\n1700000000000|    3|4    |00005|6|1.00|ff\r\n',
  ],
  ["return table.concat({1, 2, 3.5}, ',') .. unpack({'x'}) .. tostring(tonumber('0x10'))", ['0'], '$10\r\n1,2,3.5x16\r\n'],
  ["return 5 % 3 .. ' ' .. -5 % 3 .. ' ' .. 2 ^ 53 .. ' ' .. math.floor(3.7)", ['0'], '$24\r\n2 1 9.007199254741e+15 3\r\n'],
  ["local sum = 0 for i = 1, 3 do sum = sum + i end return sum .. ''", ['0'], '$1\r\n6\r\n'],
  ["return loadstring('return 7')()", ['0'], ':7\r\n'],
  ["return cjson.encode({}) .. cjson.encode({1, 'x', true, cjson.null, 1.5, 1e20})", ['0'], '$29\r\n{}[1,"x",true,null,1.5,1e+20]\r\n'],
  ["return cjson.encode({[1] = 1, [3] = 3}) .. cjson.encode('a\"/\\\\\\n')", ['0'], '$21\r\n[1,null,3]"a\\"\\/\\\\\\n"\r\n'],
  ['return cjson.encode(cjson.decode(ARGV[1]))', ['0', '{"b":12345678901234567}'], '$25\r\n{"b":1.2345678901235e+16}\r\n'],
  ['return cjson.decode(ARGV[1]).a', ['0', '{"a":"\\u00e9\\ud83d\\ude00"}'], `$6\r\n${Buffer.from('é😀').toString('latin1')}\r\n`],
  ['return cjson.decode(ARGV[1])[1] == cjson.null', ['0', '[null]'], ':1\r\n'],
  ["error('boom')", ['0'], '-ERR user_script:1: boom script: SHA, on @user_script:1.\r\n'],
  ["\nerror({err = 'CODE x'})", ['0'], '-CODE x script: SHA, on @user_script:2.\r\n'],
  ['leaked = 1', ['0'], '-ERR user_script:1: Attempt to modify a readonly table script: SHA, on @user_script:1.\r\n'],
  ['string.leaked = 1', ['0'], '-ERR user_script:1: Attempt to modify a readonly table script: SHA, on @user_script:1.\r\n'],
  [
    'return leaked',
    ['0'],
    "-ERR user_script:1: Script attempted to access nonexistent global variable 'leaked' script: SHA, on @user_script:1.\r\n",
  ],
  [
    'return os',
    ['0'],
    "-ERR user_script:1: Script attempted to access nonexistent global variable 'os' script: SHA, on @user_script:1.\r\n",
  ],
  ["return redis.call('NOSUCH')", ['0'], '-ERR Unknown Redis command called from script script: SHA, on @user_script:1.\r\n'],
  ["return redis.call('GET')", ['0'], '-ERR Wrong number of args calling Redis command from script script: SHA, on @user_script:1.\r\n'],
  ["return redis.call('MULTI')", ['0'], '-ERR This Redis command is not allowed from script script: SHA, on @user_script:1.\r\n'],
  [
    "return redis.call('GET', {})",
    ['0'],
    '-ERR Lua redis lib command arguments must be strings or integers script: SHA, on @user_script:1.\r\n',
  ],
  ["return redis.pcall('NOSUCH')", ['0'], '-ERR Unknown Redis command called from script\r\n'],
  [
    "redis.call('RPUSH', KEYS[1], 'x') return redis.pcall('GET', KEYS[1])",
    ['1', 'list'],
    '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n',
  ],
  ["local fine, problem = pcall(redis.call, 'NOSUCH') return problem", ['0'], '$44\r\nERR Unknown Redis command called from script\r\n'],
  [
    "local text = string.format('%s', nil) return text",
    ['0'],
    "-ERR user_script:1: bad argument #2 to 'format' (string expected, got nil) script: SHA, on @user_script:1.\r\n",
  ],
  ["redis.call('SELECT', 3) redis.call('SET', KEYS[1], 'v')", ['1', 'k'], '$-1\r\n'],
  ['local function deeper() return 1 + deeper() end return pcall(deeper)', ['0'], '$-1\r\n'],
  ['return 1', ['5'], "-ERR Number of keys can't be greater than number of args\r\n"],
  ['return 1', ['-1'], "-ERR Number of keys can't be negative\r\n"],
  ['return 1', ['x'], '-ERR value is not an integer or out of range\r\n'],
];

const servers = [
  { name: 'the stand-in', start: startStandIn },
  ...(realRedisVersion ? [{ name: 'a real redis-server', start: startReal }] : []),
];

async function startStandIn() {
  const server = await startRedis();
  return { client: await wireClient({ port: server.port, host: '127.0.0.1' }), stop: () => server.stop() };
}

async function startReal() {
  const server = await startRealRedis();
  return { client: await wireClient({ path: server.path }), stop: () => server.stop() };
}

describe.each(servers)('scripts on $name', ({ start }) => {
  let client: WireClient;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    ({ client, stop } = await start());
  });
  afterAll(async () => {
    client.close();
    await stop();
  });

  test.each(answers)('%s', async (script, rest, answer) => {
    await client.send('FLUSHALL');
    const sent = await client.send('EVAL', script, ...rest);
    expect(sent.replace(/script: [0-9a-f]{40}/, 'script: SHA')).toBe(answer);
  });

  test('a read-only script may read and not write', async () => {
    await client.send('SET', 'k', 'v');
    expect(await client.send('EVAL_RO', "return redis.call('GET', KEYS[1])", 1, 'k')).toBe('$1\r\nv\r\n');
    expect(await client.send('EVAL_RO', "return redis.call('DEL', KEYS[1])", 1, 'k')).toContain('Write commands are not allowed');
  });

  test('a loaded script is known by its SHA-1 until the scripts are flushed', async () => {
    const sha = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db';
    expect(await client.send('SCRIPT', 'LOAD', 'return 1')).toBe(`$40\r\n${sha}\r\n`);
    expect(await client.send('SCRIPT', 'EXISTS', sha, 'ffff')).toBe('*2\r\n:1\r\n:0\r\n');
    expect(await client.send('EVALSHA', sha.toUpperCase(), 0)).toBe(':1\r\n');
    await client.send('SCRIPT', 'FLUSH');
    expect(await client.send('EVALSHA', sha, 0)).toBe('-NOSCRIPT No matching script. Please use EVAL.\r\n');
  });

  test('no key expires while a script runs', async () => {
    const waits = `redis.call('SET', KEYS[1], 'v', 'PX', 5)
      local started = redis.call('EXISTS', KEYS[1])
      for i = 1, 2000000 do end
      return {started, redis.call('EXISTS', KEYS[1])}`;
    expect(await client.send('EVAL', waits, 1, 'k')).toBe('*2\r\n:1\r\n:1\r\n');
  });
});

test('what Redis would not compile is refused', async () => {
  const { client, stop } = await startStandIn();
  for (const later of ['return 7 // 2', 'return 1 << 4', 'return 5 & 4', 'goto done ::done:: return 1']) {
    expect(await client.send('EVAL', later, 0)).toContain('is not Lua 5.1');
  }
  expect(await client.send('EVAL', "-- a // b & c\nreturn 'x // y' .. [[ | ]]", 0)).toBe('$9\r\nx // y | \r\n');
  expect(await client.send('EVAL', 'return 1 ~= 2', 0)).toBe(':1\r\n');
  client.close();
  await stop();
});

test('what scripts return as RESP3 types, and flags of scripts, are refused', async () => {
  const { client, stop } = await startStandIn();
  expect(await client.send('EVAL', 'return {double = 1.5}', 0)).toContain('-ERR RESP3 types');
  expect(await client.send('EVAL', '#!lua flags=no-writes\nreturn 1', 0)).toContain('-ERR script flags');
  client.close();
  await stop();
});
