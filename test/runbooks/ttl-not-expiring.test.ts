import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCosmos } from '../../dev/cosmos/server.ts';
import { cosmosContainers } from '../../dev/launch/containers.ts';
import { loadConfig } from '../../src/lib/config.ts';
import { connectCosmos } from '../../src/lib/connect/cosmos.ts';
import { createServices, type Services } from '../../src/lib/services.ts';
import { JSON_TYPE } from '../../src/lib/tiers/item-edition.ts';
import { itemEntry, itemId, itemPartition } from '../../src/lib/tiers/keys.ts';
import { createClock } from '../support/instances.ts';
import { startTestRedis, type TestRedis } from '../support/test-redis.ts';

const put = { type: JSON_TYPE, data: Buffer.from('1'), writeThrough: true };
const fresh = () => ({ tenant: 'default', user_id: null, key: `k-${randomUUID()}` });
const opened: (() => unknown)[] = [];
const clock = createClock();
let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
  opened.push(redis.stop);
});
afterAll(async () => {
  for (const close of opened.toReversed()) await close();
});

/** The service on containers that let documents end, or on such as somebody made by hand and forgot it. */
async function serviceOn(defaultTtl: number | undefined) {
  const containers = cosmosContainers().map((container) => ({ ...container, defaultTtl }));
  const cosmos = await startCosmos({ database: 'keepsake', containers, now: clock.now });
  const settings = {
    COSMOS_ENDPOINT: cosmos.endpoint,
    COSMOS_KEY: cosmos.key,
    LOG_LEVEL: 'error',
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
  };
  const config = loadConfig({ ...settings, ...redis.settings });
  const services: Services = createServices(config, clock.now);
  const direct = connectCosmos(config.cosmos);
  opened.push(cosmos.stop, services.close, direct.dispose);
  const documentOf = async (of: ReturnType<typeof fresh>) => (await direct.items.item(itemId(of.key), itemPartition(of)).read()).resource;
  return { services, documentOf, defaultTtl: async () => (await direct.items.read()).resource?.defaultTtl };
}

test('Cosmos DB without TTL on the container: documents stay, nothing that is over is served', async () => {
  const [right, wrong] = [await serviceOn(-1), await serviceOn(undefined)];
  expect([await right.defaultTtl(), await wrong.defaultTtl()]).toEqual([-1, undefined]);
  const of = fresh();
  for (const { services } of [right, wrong]) {
    await services.items.put(of, { ...put, tier: 'warm', expires_at: clock.now() + 30_000 });
  }
  expect(await wrong.documentOf(of)).toMatchObject({ ttl: 90 });
  clock.advance({ seconds: 200 });
  expect(await right.documentOf(of)).toBe(undefined);
  expect(await wrong.documentOf(of)).toMatchObject({ ttl: 90 });
  for (const { services } of [right, wrong]) expect(await services.items.get(of)).toBe(undefined);
});

test('a key in Redis that lost its TTL is not served after its time either', async () => {
  const { services } = await serviceOn(-1);
  const of = fresh();
  const client = redis.connect();
  opened.push(() => client.disconnect());
  await services.items.put(of, { ...put, tier: 'hot', expires_at: clock.now() + 30_000 });
  expect(await client.ttl(itemEntry(of))).toBeGreaterThan(0);
  await client.persist(itemEntry(of));
  expect(await client.ttl(itemEntry(of))).toBe(-1);
  expect((await services.items.get(of))?.tier).toBe('hot');
  clock.advance({ seconds: 31 });
  expect(await services.items.get(of)).toBe(undefined);
  expect(await client.exists(itemEntry(of))).toBe(1);
});

test('every key that the service writes to Redis has a TTL', async () => {
  const { services } = await serviceOn(-1);
  await redis.flush();
  const user = { ...fresh(), user_id: 'ada' };
  for (const tier of ['hot', 'warm']) await services.items.put({ ...user, key: tier }, { ...put, tier, expires_at: null });
  await services.items.get(fresh());
  await services.items.remove({ ...user, key: 'warm' });
  const client = redis.connect();
  opened.push(() => client.disconnect());
  const keys = await redis.keys();
  expect(keys.length).toBeGreaterThan(2);
  for (const key of keys) expect(await client.ttl(key), key).toBeGreaterThan(0);
});
