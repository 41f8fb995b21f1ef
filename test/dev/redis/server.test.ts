import { once } from 'node:events';
import { createConnection } from 'node:net';
import { expect, test, vi } from 'vitest';
import { connect, start } from './running.ts';
import { wireClient } from './wire.ts';

test('a client is greeted, with a password only when it knows it', async () => {
  const server = await start({ user: 'keepsake', password: 'secret' });
  await expect(connect(server, { username: 'keepsake', password: 'secret' }).ping()).resolves.toBe('PONG');
  await expect(connect(server, { username: 'keepsake', password: 'wrong' }).ping()).rejects.toThrow();
  await expect(connect(server).ping()).rejects.toThrow('NOAUTH');
});

test('bytes come back as they were sent, in keys, values and scripts', async () => {
  const redis = connect(await start());
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  await redis.set(bytes, bytes);
  await expect(redis.getBuffer(bytes)).resolves.toEqual(bytes);
  await expect(redis.callBuffer('EVAL', "return redis.call('GET', KEYS[1])", 1, bytes)).resolves.toEqual(bytes);
  await expect(redis.eval('local t = {[ARGV[1]] = 1, [ARGV[2]] = 2} return t[ARGV[1]]', 0, '\x01\x11', '\x11\x01')).resolves.toBe(1);
});

test('numbers in scripts are doubles, as in Lua 5.1', async () => {
  const redis = connect(await start());
  await expect(redis.eval("return tostring(tonumber('1700000000') * 1000) .. ' ' .. 10 / 2", 0)).resolves.toBe('1700000000000 5');
});

test('commands written together are one round trip, and what a client sends on connecting is none', async () => {
  const server = await start();
  const redis = connect(server);
  await redis.ping();
  server.calls.reset();
  await Promise.all([redis.get('a'), redis.hgetall('b'), redis.lrange('c', 0, -1)]);
  await redis.get('a');
  expect(server.calls.roundTrips).toBe(2);
  expect(server.calls.count('get')).toBe(2);
  connect(server);
  await redis.script('LOAD', 'return 1');
  expect(server.calls.roundTrips).toBe(2);
});

test('a pipeline too large for one packet is still one round trip', async () => {
  const server = await start();
  const redis = connect(server);
  await redis.ping();
  server.calls.reset();
  const pipeline = redis.pipeline();
  for (let at = 0; at < 200; at++) pipeline.set(`key${at}`, 'x'.repeat(10_000));
  await pipeline.exec();
  expect(server.calls.roundTrips).toBe(1);
  expect(server.calls.count()).toBe(200);
});

test('the log of calls keeps the last 10,000, readable and cut', async () => {
  const server = await start();
  const redis = connect(server);
  await redis.set('größe', '€'.repeat(500));
  expect(server.calls.all.at(-1)).toMatchObject({ name: 'SET', args: ['größe', '€'.repeat(200)] });
  const pipeline = redis.pipeline();
  for (let at = 0; at < 10_100; at++) pipeline.get('a');
  await pipeline.exec();
  expect(server.calls.all).toHaveLength(10_000);
});

test('two connections are two round trips', async () => {
  const server = await start();
  const both = [connect(server), connect(server)];
  await Promise.all(both.map((redis) => redis.ping()));
  server.calls.reset();
  await Promise.all(both.map((redis) => redis.get('a')));
  expect(server.calls.roundTrips).toBe(2);
  expect(new Set(server.calls.all.map(({ client }) => client)).size).toBe(2);
});

test('keys and flush see all databases', async () => {
  const server = await start();
  await connect(server).set('a', '1');
  await connect(server, { db: 3 }).set('b', '1');
  expect(server.keys().sort()).toEqual(['a', 'b']);
  server.flush();
  expect(server.keys()).toEqual([]);
});

test('what is not the protocol is answered with an error and a closed connection', async () => {
  const client = await wireClient({ port: (await start()).port, host: '127.0.0.1' });
  expect(await client.sendRaw('*1\r\n+PING\r\n')).toBe("-ERR Protocol error: expected '$', got '+'\r\n");
  expect(await client.sendRaw('')).toBe('(closed)');
});

test('inline commands work, as for someone with telnet', async () => {
  const client = await wireClient({ port: (await start()).port, host: '127.0.0.1' });
  expect(await client.sendRaw('set greeting hello\r\n')).toBe('+OK\r\n');
  expect(await client.sendRaw('get greeting\n')).toBe('$5\r\nhello\r\n');
});

test('a command that is not there is refused, also in a transaction', async () => {
  const redis = connect(await start());
  await expect(redis.call('XADD', 's', '*', 'f', 'v')).rejects.toThrow(
    "ERR unknown command 'XADD', with args beginning with: 's' '*' 'f' 'v' ",
  );
  await redis.multi({ pipeline: false });
  await expect(redis.call('BLPOP', 'l', '1')).rejects.toThrow('unknown command');
  await expect(redis.exec()).rejects.toThrow('EXECABORT');
});

test('with quietMs, commands that another process writes together count as one round trip', async () => {
  const server = await start({ quietMs: 20 });
  const socket = createConnection(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('GET a\r\n');
  await vi.waitFor(() => expect(server.calls.count()).toBe(1), { interval: 1 });
  socket.write('GET b\r\n');
  await once(socket, 'data');
  expect(server.calls.count()).toBe(2);
  expect(server.calls.roundTrips).toBe(1);
  socket.destroy();
});
