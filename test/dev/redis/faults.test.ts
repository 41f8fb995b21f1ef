import { expect, test, vi } from 'vitest';
import { connect, start } from './running.ts';
import { wireClient } from './wire.ts';

test('an error is answered as many times as asked, and nothing runs', async () => {
  const server = await start();
  const redis = connect(server);
  const fault = server.faults.add({
    match: ({ name }) => name === 'SET',
    times: 2,
    action: { error: 'OOM command not allowed when used memory > maxmemory.' },
  });
  await expect(redis.set('a', '1')).rejects.toThrow('OOM command not allowed');
  await expect(redis.get('a')).resolves.toBe(null);
  await expect(redis.set('a', '1')).rejects.toThrow('OOM');
  await expect(redis.set('a', '1')).resolves.toBe('OK');
  expect(fault.hits).toBe(2);
});

test('an error inside MULTI makes EXEC fail', async () => {
  const server = await start();
  const redis = connect(server);
  server.faults.add({ match: ({ name }) => name === 'SET', action: { error: 'READONLY You can not write against a read only replica.' } });
  await expect(redis.multi().incr('a').set('b', '1').exec()).rejects.toThrow('EXECABORT');
  expect(server.keys()).toEqual([]);
});

test('a fault can look at the arguments and at the text of the script', async () => {
  const server = await start();
  const redis = connect(server);
  const sha = String(await redis.script('LOAD', "-- commits\nreturn redis.call('INCR', KEYS[1])"));
  const seen = server.faults.add({
    match: ({ script, args }) => script?.includes('commits') === true && args[2] === 'größe',
    action: { error: 'ERR hit' },
  });
  await expect(redis.evalsha(sha, 1, 'other')).resolves.toBe(1);
  await expect(redis.evalsha(sha, 1, 'größe')).rejects.toThrow('ERR hit');
  seen.remove();
  await expect(redis.evalsha(sha, 1, 'größe')).resolves.toBe(1);
});

test('a command hung before running waits for the release; later ones of its connection wait too, others do not', async () => {
  const server = await start();
  const redis = connect(server);
  const other = connect(server);
  const hang = server.faults.add({ match: ({ name }) => name === 'INCR', times: 1, action: { hang: 'before' } });
  const order: string[] = [];
  const held = redis.incr('a').then((value) => order.push(`incr ${value}`));
  const behind = redis.get('a').then((value) => order.push(`get ${value}`));
  await hang.reached;
  await expect(other.get('a')).resolves.toBe(null);
  expect(order).toEqual([]);
  hang.release();
  await Promise.all([held, behind]);
  expect(order).toEqual(['incr 1', 'get 1']);
});

test('a command hung after running has run, once', async () => {
  const server = await start();
  const redis = connect(server);
  const hang = server.faults.add({ match: ({ name }) => name === 'SET', action: { hang: 'after' } });
  const held = redis.set('a', '1', 'GET');
  await hang.reached;
  await expect(connect(server).get('a')).resolves.toBe('1');
  hang.release();
  await expect(held).resolves.toBe(null);
});

test('a command that hangs before running never runs when its client goes away', async () => {
  const server = await start();
  const redis = connect(server, { maxRetriesPerRequest: 0 });
  const hang = server.faults.add({ match: ({ name }) => name === 'INCR', action: { hang: 'before' } });
  const held = redis.incr('a');
  await hang.reached;
  redis.disconnect();
  await expect(held).rejects.toThrow();
  hang.release();
  await expect(connect(server).get('a')).resolves.toBe(null);
});

test('a delayed command runs late', async () => {
  const server = await start();
  const redis = connect(server);
  await redis.ping();
  server.faults.add({ match: ({ name }) => name === 'GET', times: 1, action: { delayMs: 40 } });
  const asked = performance.now();
  await redis.get('a');
  expect(performance.now() - asked).toBeGreaterThanOrEqual(39);
});

test.each([
  { drop: 'before', runs: null },
  { drop: 'after', runs: '1' },
  { drop: 'mid-reply', runs: '1' },
] as const)('a connection dropped $drop the command', async ({ drop, runs }) => {
  const server = await start();
  const redis = connect(server, { maxRetriesPerRequest: 0 });
  server.faults.add({ match: ({ name }) => name === 'INCR', times: 1, action: { drop } });
  await expect(redis.incr('a')).rejects.toThrow();
  await expect(connect(server).get('a')).resolves.toBe(runs);
});

test('mid-reply sends half of the answer', async () => {
  const server = await start();
  const client = await wireClient({ port: server.port, host: '127.0.0.1' });
  await client.send('SET', 'a', 'hello world');
  server.faults.add({ match: ({ name }) => name === 'GET', action: { drop: 'mid-reply' } });
  expect(await client.send('GET', 'a')).toBe('$11\r\nhell(closed)');
});

test('refusing cuts all connections and new ones, until it is taken back', async () => {
  const server = await start();
  const redis = connect(server, { retryStrategy: () => 5, maxRetriesPerRequest: 0, enableOfflineQueue: false });
  await vi.waitFor(() => redis.ping());
  server.faults.refuse(true);
  await expect(redis.ping()).rejects.toThrow();
  await expect(connect(server, { maxRetriesPerRequest: 0 }).ping()).rejects.toThrow();
  server.faults.refuse(false);
  await vi.waitFor(() => expect(redis.ping()).resolves.toBe('PONG'));
});
