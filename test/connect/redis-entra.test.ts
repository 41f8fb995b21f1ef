import { describe, expect, test } from 'vitest';
import { fakeCredential } from './fake-credential.ts';
import { obligingRedis } from './obliging-redis.ts';
import { cleanups, connect } from './redis-connection.ts';

describe('Microsoft Entra', () => {
  const entra = { REDIS_AUTH: 'entra' };

  async function anyUser() {
    const redis = await obligingRedis();
    cleanups.push(redis.stop);
    return redis;
  }

  test('signs in with the object id and the token, and again before the token ends', async () => {
    const redis = await anyUser();
    const credential = fakeCredential({ oid: 'object-1', lifetimesMs: [180_500] });
    const { ready, client } = connect(redis.url, { credential, env: entra });
    await ready();
    expect(await client.ping()).toBe('PONG');
    expect(redis.last('HELLO')).toEqual(['3', 'AUTH', 'object-1', credential.tokens[0]]);
    expect(credential.scopes).toEqual(['https://redis.azure.com/.default']);

    await expect.poll(() => redis.all('AUTH').length, { timeout: 5000 }).toBe(1);
    expect(redis.last('AUTH')).toEqual(['object-1', credential.tokens[1]]);
    expect(credential.tokens[1]).not.toBe(credential.tokens[0]);
    expect(redis.connections()).toBe(1);
  });

  test('reconnects with the newest token, as the user that is configured', async () => {
    const redis = await anyUser();
    const credential = fakeCredential({ oid: 'object-2', lifetimesMs: [180_500] });
    const { ready, client } = connect(redis.url, { credential, env: { ...entra, REDIS_USERNAME: 'named' } });
    await ready();
    await expect.poll(() => redis.all('AUTH').length, { timeout: 5000 }).toBe(1);
    const back = Promise.withResolvers<void>();
    client.once('reconnecting', () => client.once('ready', () => back.resolve()));
    redis.cut();
    await back.promise;
    expect(redis.last('HELLO')).toEqual(['3', 'AUTH', 'named', credential.tokens[1]]);
  });

  test('says so when there is no token, and tries again with the next ready()', async () => {
    const redis = await anyUser();
    const credential = fakeCredential({ oid: 'object-3', failures: 1 });
    const { ready } = connect(redis.url, { credential, env: entra });
    await expect(ready()).rejects.toThrow(/no identity here/);
    await ready();
  });

  test('needs a credential', () => {
    expect(() => connect('redis://127.0.0.1:1', { env: { REDIS_AUTH: 'entra' } })).toThrow(/needs a credential/);
  });
});
