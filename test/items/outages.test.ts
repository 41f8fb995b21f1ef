import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { contentOf } from '../../src/lib/memory/items/items.ts';
import { traced } from '../../src/lib/telemetry.ts';
import { type ItemName, itemBlobs, itemTag } from '../../src/lib/tiers/keys.ts';
import type { Put } from '../../src/lib/tiers/tier.ts';
import { waitFor } from '../support/wait.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world ??= await startWorld({ clients: 2, quietMs: 2 });
  for (const { health } of world.clients) Object.assign(health, { redis: 'up', cosmos: 'up', blob: 'up' });
});
afterAll(() => world.stop());

const fresh = (): ItemName => ({ tenant: 'default', user_id: `u-${randomUUID()}`, key: 'k' });
const asking = (value: unknown, more: Partial<Put> = {}): Put => ({
  ...contentOf(value),
  tier: 'warm',
  expires_at: null,
  writeThrough: true,
  ...more,
});

/** Does something as a request would, and says what it cost and what it went without. */
const asRequest = <T>(work: () => Promise<T>) => traced(async (trace) => ({ answer: await work(), trace }));
const jsonOf = (got: { item: { data: Buffer } } | undefined) => got && JSON.parse(got.item.data.toString());
const read = async (of: ItemName, client = 0) => {
  const { answer, trace } = await asRequest(() => world.client(client).items.get(of));
  return { value: jsonOf(answer), tier: answer?.tier, degraded: [...trace.degraded], redis: trace.redis_calls };
};
const cosmosCalls = () => world.cosmos.calls.all.filter(({ container }) => container === 'items').length;

test('a hot item costs one round trip to Redis, and so do a hundred', async () => {
  const names = Array.from({ length: 100 }, (_, i) => ({ tenant: 'default', user_id: null, key: `${randomUUID()}-${i}` }));
  for (const of of names) await world.client().items.put(of, asking(of.key));
  const before = cosmosCalls();
  expect(await read(names[0]!)).toEqual({ value: names[0]!.key, tier: 'hot', degraded: [], redis: 1 });
  world.redis.calls.reset();
  const { answer, trace } = await asRequest(() => world.client().items.getMany(names, { mostBytes: 1e6 }));
  expect(answer.map((one) => ('got' in one ? jsonOf(one.got) : one))).toEqual(names.map(({ key }) => key));
  expect([trace.redis_calls, world.redis.calls.roundTrips, cosmosCalls() - before]).toEqual([1, 1, 0]);
  const tags = new Set(names.map(itemTag)).size;
  expect(world.redis.calls.all.map(({ name }) => (name === 'GET' ? 'MGET' : name))).toEqual(Array(tags).fill('MGET')); // a tag with one key has a GET
});

test('a missing item is asked for once, until somebody writes it', async () => {
  const of = fresh();
  expect((await read(of)).value).toBe(undefined);
  const before = cosmosCalls();
  for (const client of [0, 1]) expect((await read(of, client)).value).toBe(undefined);
  expect(cosmosCalls()).toBe(before);
  await world.client(1).items.put(of, asking(1, { writeThrough: false }));
  expect((await read(of)).value).toBe(1);
});

test('many who miss the same item at once ask Cosmos DB once', async () => {
  const of = fresh();
  await world.client(1).items.put(of, asking('popular', { writeThrough: false }));
  const before = cosmosCalls();
  const found = await Promise.all(Array.from({ length: 50 }, () => read(of)));
  expect(found.every(({ value }) => value === 'popular')).toBe(true);
  expect(cosmosCalls() - before).toBe(1);
});

test('without Redis items are read and written durably, nothing is put there alone, and nothing old comes back with it', async () => {
  const of = fresh();
  const alone = fresh();
  await world.client().items.put(of, asking('old'));
  await world.client().items.put(alone, asking('cached', { tier: 'hot', expires_at: world.clock.now() + 3_600_000 }));
  await read(of, 1);
  world.redis.faults.refuse(true);
  await waitFor(async () => (await read(of)).degraded.includes('redis'), { what: 'Redis to be missed' });
  expect(await read(of)).toMatchObject({ value: 'old', tier: 'warm', degraded: ['redis'] });
  const { answer, trace } = await asRequest(() => world.client().items.put(of, asking('new')));
  expect([answer.durability, [...trace.degraded]]).toEqual(['stored', ['redis']]);
  await expect(world.client().items.put(fresh(), asking(1, { tier: 'hot' }))).rejects.toMatchObject({ code: 'tier_unavailable' });
  await expect(world.client().items.get(of, 'hot')).rejects.toMatchObject({ code: 'tier_unavailable' });
  expect(await world.client().items.remove(alone)).toBe(true);
  world.redis.faults.refuse(false);
  await waitFor(async () => !(await read(fresh())).degraded.includes('redis'), { what: 'Redis to be back' });
  expect((await read(of)).value).toBe('new');
  expect((await read(alone)).value).toBe(undefined);
  await waitFor(async () => !(await read(fresh(), 1)).degraded.includes('redis'), { what: 'Redis to be back for the other one' });
  world.clock.advance({ seconds: 61 });
  expect([(await read(of, 1)).value, (await read(alone, 1)).value]).toEqual(['new', undefined]);
});

test('while Cosmos DB is silent, what Redis has is served and marked; what must be durable is refused', async () => {
  const of = fresh();
  const alone = fresh();
  await world.client().items.put(of, asking('kept'));
  await world.client().items.put(alone, asking(1, { tier: 'hot' }));
  world.clock.advance({ seconds: 61 });
  const fault = world.cosmos.faults.add({ match: ({ container }) => container === 'items', action: { drop: 'before' } });
  expect(await read(of)).toMatchObject({ value: 'kept', tier: 'hot', degraded: ['cosmos'] });
  expect(await read(alone)).toMatchObject({ value: 1, degraded: ['cosmos'] });
  await expect(world.client().items.get(fresh())).rejects.toMatchObject({ code: 'tier_unavailable' });
  await expect(world.client().items.put(of, asking('other'))).rejects.toMatchObject({ code: 'tier_unavailable', retryAfterSeconds: 5 });
  await expect(world.client().items.put(fresh(), asking(1, { tier: 'hot' }))).rejects.toMatchObject({ code: 'tier_unavailable' });
  fault.remove();
  expect(await read(of)).toMatchObject({ value: 'kept', degraded: [] });
});

test('a throttled call is tried again within its time', async () => {
  const of = fresh();
  const fault = world.cosmos.faults.add({
    match: ({ container }) => container === 'items',
    times: 2,
    action: { status: 429, retryAfterMs: 20 },
  });
  await world.client().items.put(of, asking('patient'));
  expect([fault.hits, (await read(of, 1)).value]).toEqual([2, 'patient']);
});

test('without Blob Storage only what lies there is missing', async () => {
  const [warm, cold] = [fresh(), fresh()];
  await world.client().items.put(warm, asking('warm', { writeThrough: false }));
  await world.client().items.put(cold, asking('cold', { tier: 'cold', writeThrough: false }));
  world.client().health.blob = 'before';
  expect((await read(warm)).value).toBe('warm');
  await expect(world.client().items.get(cold)).rejects.toMatchObject({ code: 'tier_unavailable' });
  await expect(world.client().items.put(fresh(), asking(1, { tier: 'cold' }))).rejects.toMatchObject({ code: 'tier_unavailable' });
  world.client().health.blob = 'up';
  expect(await read(cold)).toMatchObject({ value: 'cold', tier: 'cold' });
  world.client().health.blob = 'before';
  expect(await read(cold)).toMatchObject({ value: 'cold', tier: 'hot' });
});

test('a blob that is not what was written is never served', async () => {
  const of = fresh();
  for (const value of ['small', 'large'.repeat(300_000)]) {
    await world.client().items.put(of, asking(value, { tier: 'cold', writeThrough: false }));
    const container = await world.container();
    for await (const { name, properties } of container.listBlobsFlat({ prefix: itemBlobs(of), includeMetadata: true })) {
      const metadata = (await container.getBlobClient(name).getProperties()).metadata;
      const blobHTTPHeaders = { blobContentType: properties.contentType, blobContentEncoding: properties.contentEncoding };
      await container.getBlockBlobClient(name).upload('damaged', 7, { metadata, blobHTTPHeaders });
    }
    await expect(world.client().items.get(of)).rejects.toMatchObject({ code: 'item_damaged' });
  }
});

test('an item that ends is gone from every tier at its time, and its blob soon after', async () => {
  for (const tier of ['hot', 'warm', 'cold']) {
    const of = fresh();
    await world.client().items.put(of, asking(tier, { tier, expires_at: world.clock.now() + 90_000 }));
    world.clock.advance({ seconds: 89 });
    expect((await read(of, 1)).value).toBe(tier);
    world.clock.advance({ seconds: 1 });
    for (const client of [0, 1]) expect((await read(of, client)).value, tier).toBe(undefined);
    for (const only of ['hot', 'warm', 'cold']) expect(await world.client().items.get(of, only)).toBe(undefined);
    expect(await world.client().items.head(of)).toBe(undefined);
    if (tier !== 'cold') continue;
    world.clock.advance({ days: 400 }); // blobs have the time of the real clock
    expect(await world.client().items.lookAfter(of)).toEqual({ did: 'gone', again: undefined });
    const container = await world.container();
    expect((await container.listBlobsFlat({ prefix: itemBlobs(of) }).next()).done).toBe(true);
  }
});
