import { describe, expect, test } from 'vitest';
import { fakeCredential } from './fake-credential.ts';
import { obligingRedis } from './obliging-redis.ts';
import { cleanups, connect, timed } from './redis-connection.ts';
import { refusingPort, silentServer } from './sockets.ts';

describe('a cluster', () => {
  const cluster = { REDIS_CLUSTER: 'true' };

  test('is asked for its slots, and its nodes sign in with tokens, also with the next one', async () => {
    const redis = await obligingRedis();
    cleanups.push(redis.stop);
    const credential = fakeCredential({ oid: 'object-4', lifetimesMs: [180_500] });
    const { ready, client } = connect(redis.url, { credential, env: { ...cluster, REDIS_AUTH: 'entra' } });
    await ready();
    expect(await client.set('a', '1')).toBe('OK');
    expect(redis.last('SET')).toEqual(['a', '1']);
    expect(redis.all('HELLO')).toContainEqual(['3', 'AUTH', 'object-4', credential.tokens[0]]);

    const signsInAgain = () => redis.all('AUTH').some(([, token]) => token === credential.tokens.at(1));
    await expect.poll(signsInAgain, { timeout: 5000 }).toBe(true);

    redis.cut();
    const back = () => redis.all('HELLO').some((words) => words.includes(credential.tokens.at(1) ?? ''));
    await expect.poll(back, { timeout: 5000 }).toBe(true);
    await expect.poll(() => timed(ready()).then(({ outcome }) => outcome), { timeout: 5000 }).toBe('done');
  });

  test('that refuses is an error within the bound', async () => {
    const { ready } = connect(`redis://127.0.0.1:${await refusingPort()}`, { env: { ...cluster, REDIS_SOCKET_TIMEOUT_MS: '500' } });
    const { outcome, ms } = await timed(ready());
    expect(outcome).toMatch(/not connected/);
    expect(ms).toBeLessThan(1000);
  });

  test('that says nothing is given up after the socket timeout', async () => {
    const silent = await silentServer();
    cleanups.push(silent.stop);
    const { ready } = connect(silent.url, { env: { ...cluster, REDIS_SOCKET_TIMEOUT_MS: '300' } });
    const { outcome, ms } = await timed(ready());
    expect(outcome).toMatch(/not connected/);
    expect(ms).toBeLessThan(1000);
  });
});
