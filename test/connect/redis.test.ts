import { describe, expect, test } from 'vitest';
import { script } from '../../src/lib/connect/redis-script.ts';
import { cleanups, connect, server, timed } from './redis-connection.ts';
import { refusingPort, silentServer } from './sockets.ts';

describe('a server that is there', () => {
  test('is connected to by the first ready() and not before', async () => {
    const redis = await server();
    const { client, ready } = connect(redis.url);
    expect(client.status).toBe('wait');
    expect(redis.calls.count()).toBe(0);
    await Promise.all([ready(), ready(), ready()]);
    await client.set('a', '1');
    expect(await client.get('a')).toBe('1');
    expect(new Set(redis.calls.all.map((call) => call.client)).size).toBe(1);
  });

  test('is signed in to with user and password, and a wrong password is an error that does not show it', async () => {
    const redis = await server({ user: 'app', password: 'right' });
    const right = connect(`redis://app:right@127.0.0.1:${redis.port}`);
    await right.ready();
    expect(await right.client.ping()).toBe('PONG');

    const { outcome } = await timed(connect(`redis://app:wr0ng@127.0.0.1:${redis.port}`).ready());
    expect(outcome).toMatch(/not connected: WRONGPASS/);
    expect(outcome).not.toContain('wr0ng');
  });

  test('keeps to the configured database', async () => {
    const redis = await server();
    const third = connect(`${redis.url}/3`);
    const first = connect(redis.url);
    await Promise.all([third.ready(), first.ready()]);
    await third.client.set('only', 'here');
    expect(await first.client.get('only')).toBeNull();
  });
});

describe('a server that is not there', () => {
  test('is an error at once when it refuses', async () => {
    const { ready } = connect(`redis://127.0.0.1:${await refusingPort()}`);
    const { outcome, ms } = await timed(ready());
    expect(outcome).toMatch(/not connected: .*ECONNREFUSED/);
    expect(ms).toBeLessThan(1000);
  });

  test('is given up after the socket timeout when it says nothing, and then at once', async () => {
    const silent = await silentServer();
    cleanups.push(silent.stop);
    const { ready } = connect(silent.url, { env: { REDIS_SOCKET_TIMEOUT_MS: '300' } });
    const first = await timed(ready());
    expect(first.outcome).toMatch(/not connected: .*(within 300 ms|timed out|TIMEDOUT)/i);
    expect(first.ms).toBeGreaterThan(200);
    expect(first.ms).toBeLessThan(1500);
    const second = await timed(ready());
    expect(second.outcome).toMatch(/not connected/);
    expect(second.ms).toBeLessThan(50);
  });

  test('is found when it comes up later', async () => {
    const redis = await server();
    redis.faults.refuse(true);
    const states: string[] = [];
    const found = Promise.withResolvers<void>();
    const onState = (state: string) => {
      states.push(state);
      if (state === 'ready') found.resolve();
    };
    const { client, ready } = connect(redis.url, { onState });
    await expect(ready()).rejects.toThrow();
    redis.faults.refuse(false);
    await found.promise;
    await ready();
    expect(await client.ping()).toBe('PONG');
    expect(states).toContain('error');
    expect(states).toContain('reconnecting');
  });

  test('fails commands at once instead of queueing them', async () => {
    const { client } = connect(`redis://127.0.0.1:${await refusingPort()}`);
    const { outcome, ms } = await timed(client.get('a'));
    expect(outcome).toMatch(/isn't writeable/);
    expect(ms).toBeLessThan(100);
  });
});

describe('a server that fails on the way', () => {
  test('costs a command no more than the command timeout, while connecting has its own', async () => {
    const redis = await server();
    redis.faults.add({ match: ({ name }) => name === 'HELLO', times: 1, action: { delayMs: 300 } });
    const { client, ready } = connect(redis.url, { env: { REDIS_COMMAND_TIMEOUT_MS: '100' } });
    await ready();
    const hang = redis.faults.add({ match: ({ name }) => name === 'GET', action: { hang: 'before' } });
    const { outcome, ms } = await timed(client.get('a'));
    hang.release();
    expect(outcome).toMatch(/timed out/);
    expect(ms).toBeGreaterThan(80);
    expect(ms).toBeLessThan(300);
  });

  test('is left and reconnected to when it falls silent', async () => {
    const redis = await server();
    const again = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const onState = (state: string) => (state === 'reconnecting' ? left.resolve() : undefined);
    const { client, ready } = connect(redis.url, { env: { REDIS_COMMAND_TIMEOUT_MS: '50', REDIS_SOCKET_TIMEOUT_MS: '200' }, onState });
    await ready();
    const hang = redis.faults.add({ times: 1, action: { hang: 'before' } });
    await expect(client.get('a')).rejects.toThrow(/timed out/);
    await left.promise;
    hang.release();
    client.once('ready', () => again.resolve());
    await again.promise;
    expect(await client.ping()).toBe('PONG');
  });

  test('is left and looked for anew when it says that it is a replica now, and no command is sent twice', async () => {
    const redis = await server();
    const { client, ready } = connect(redis.url);
    await ready();
    const back = new Promise((resolve) => client.once('reconnecting', () => client.once('ready', resolve)));
    redis.become('replica');
    await expect(client.set('a', '1')).rejects.toThrow(/^READONLY/);
    redis.become('well');
    await back;
    expect(new Set(redis.calls.all.map((call) => call.client)).size).toBe(2);
    expect([redis.calls.count('SET'), await client.get('a')]).toEqual([1, null]);
  });

  test('does not get a command twice when the connection broke before the answer', async () => {
    const redis = await server();
    const { client, ready } = connect(redis.url);
    await ready();
    const back = Promise.withResolvers<void>();
    client.once('reconnecting', () => client.once('ready', () => back.resolve()));
    redis.faults.add({ match: ({ name }) => name === 'INCR', times: 1, action: { drop: 'after' } });
    await expect(client.incr('count')).rejects.toThrow();
    await back.promise;
    expect(await client.get('count')).toBe('1');
  });
});

describe('closing', () => {
  test('ends the connection for good', async () => {
    const redis = await server();
    const { ready, client, close } = connect(redis.url);
    await ready();
    await close();
    await expect(ready()).rejects.toThrow();
    await expect(client.ping()).rejects.toThrow();
  });
});

describe('scripts', () => {
  const add = script('add', "return redis.call('INCRBY', KEYS[1], ARGV[1])", 1);

  test('are sent in full once and by their hash from then on, also after the server forgot them', async () => {
    const redis = await server();
    const { client, ready } = connect(redis.url);
    await ready();
    expect(await add.run(client, ['n'], [2])).toBe(2);
    expect(await add.run(client, ['n'], [3])).toBe(5);
    expect([redis.calls.count('EVAL'), redis.calls.count('EVALSHA')]).toEqual([1, 2]);
    await client.script('FLUSH');
    expect(await add.run(client, ['n'], [1])).toBe(6);
  });

  test('report their own errors as they are, without a second try', async () => {
    const redis = await server();
    const { client, ready } = connect(redis.url);
    await ready();
    const broken = script('broken', "redis.call('SET', KEYS[1], '1') return redis.error_reply('WRONGTYPE of ours')", 1);
    await expect(broken.run(client, ['x'], [])).rejects.toThrow(/WRONGTYPE of ours/);
    await expect(broken.run(client, ['x'], [])).rejects.toThrow(/WRONGTYPE of ours/);
    expect(redis.calls.count('EVAL')).toBe(1);
    await expect(broken.run(client, [], [])).rejects.toThrow(/takes 1 keys, not 0/);
  });
});

describe('TLS', () => {
  test('names the configured host to the server', async () => {
    const silent = await silentServer();
    cleanups.push(silent.stop);
    const { ready } = connect(`rediss://localhost:${silent.port}`, { env: { REDIS_SOCKET_TIMEOUT_MS: '300' } });
    await expect(ready()).rejects.toThrow();
    const hello = await silent.firstBytes;
    expect(hello[0]).toBe(0x16); // a TLS handshake record
    expect(hello.includes('localhost')).toBe(true);
  });
});
