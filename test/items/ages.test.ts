import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createStorage } from '../../dev/launch/storage.ts';
import { demote } from '../../src/lib/memory/items/demote.ts';
import { contentOf, getItem, putItem } from '../../src/lib/memory/items/items.ts';
import { type ItemName, itemBlobs, userItems } from '../../src/lib/tiers/keys.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { waitFor } from '../support/wait.ts';

const DAY = { days: 1 };
let world: Instances;
beforeAll(async () => {
  const id = `t${randomUUID().slice(0, 8)}`;
  await createStorage(inject('storage'), { blobPrefix: id, queuePrefix: id });
  const storage = { BLOB_CONNECTION_STRING: inject('storage'), BLOB_CONTAINER: id };
  world = await startInstances({ count: 2, settings: { ...storage, ITEM_DEMOTE_AFTER_DAYS: '3', ITEM_PROMOTE_READS: '2' } });
}, 60_000);
afterAll(() => world.stop());

const fresh = (): ItemName => ({ tenant: 'default', user_id: `u-${randomUUID()}`, key: `k-${randomUUID()}` });
const put = (of: ItemName, value: unknown, options = {}) => putItem(world.instance(), of, { content: contentOf(value), options });
const read = async (of: ItemName, tier?: string) => {
  const { item, tier: found, promoted_to } = await getItem(world.instance(), of, tier);
  return { value: JSON.parse(item.data.toString()), tier: found, promoted_to };
};

test('the timer moves what nobody reads, and what is read stays', async () => {
  const [idle, busy] = [fresh(), fresh()];
  for (const of of [idle, busy]) await put(of, of.key, { write_through: false });
  for (let day = 0; day < 6; day++) {
    world.clock.advance(DAY);
    expect((await read(busy)).value).toBe(busy.key);
    await waitFor(
      async () =>
        (await world.instance().items.warm.ledger.read(busy))?.record.read_at === Math.floor(world.clock.now() / 86_400_000) * 86_400_000,
      {
        what: 'the day of the last read',
      },
    );
    await demote(world.instance(day % 2));
  }
  await expect(read(idle, 'warm')).rejects.toMatchObject({ code: 'item_not_found' });
  expect(await read(idle, 'cold')).toMatchObject({ value: idle.key, tier: 'cold' });
  expect(await read(busy, 'warm')).toMatchObject({ value: busy.key, tier: 'warm' });
  await expect(read(busy, 'cold')).rejects.toMatchObject({ code: 'item_not_found' });
});

test('an item from the cold tier comes up after so many reads within their time, and goes down again without a new blob', async () => {
  const of = fresh();
  await put(of, 'cold', { tier: 'cold', write_through: false });
  const evict = () => world.client.flushall();
  expect(await read(of)).toMatchObject({ tier: 'cold', promoted_to: ['hot'] });
  await evict();
  world.clock.advance(DAY);
  expect(await read(of)).toMatchObject({ tier: 'cold', promoted_to: ['hot'] });
  await evict();
  expect(await read(of)).toMatchObject({ tier: 'cold', promoted_to: ['hot', 'warm'] });
  await evict();
  expect(await read(of)).toMatchObject({ tier: 'warm', promoted_to: ['hot'] });
  const before = await blobsOf(of);
  for (let day = 0; day < 6; day++) {
    world.clock.advance(DAY);
    await demote(world.instance());
  }
  await expect(read(of, 'warm')).rejects.toMatchObject({ code: 'item_not_found' });
  expect(await blobsOf(of)).toEqual(before);
  expect((await read(of)).value).toBe('cold');
});

async function blobsOf(of: ItemName): Promise<string[]> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const name = world.instance().config.blob?.containers.items ?? '';
  const container = BlobServiceClient.fromConnectionString(inject('storage')).getContainerClient(name);
  const names: string[] = [];
  for await (const blob of container.listBlobsFlat({ prefix: itemBlobs(of) })) names.push(blob.name);
  return names;
}

test('a blob that a killed writer left without a record is swept up, the one that counts is not', async () => {
  const of = fresh();
  const kept = await put(of, 'counts', { tier: 'cold' });
  const orphan = { version: kept.version - 5, etag: 'orphan-00000000', type: 'application/json', data: Buffer.from('1'), expires_at: null };
  const { createColdItems } = await import('../../src/lib/tiers/cold-items.ts');
  const { connectBlobs } = await import('../../src/lib/connect/storage.ts');
  const { blob } = world.instance().config;
  const blobs = connectBlobs(blob!);
  await createColdItems(blobs, { now: world.clock.now, maxBytes: 1e6 }).set(of, orphan);
  expect(await blobsOf(of)).toHaveLength(2);
  await demote(world.instance());
  expect(await blobsOf(of)).toHaveLength(2);
  world.clock.advance({ days: 1000 }); // blobs have the time of the real clock
  await demote(world.instance());
  const left = await blobsOf(of);
  expect([left.length, left[0]?.endsWith(kept.etag)]).toEqual([1, true]);
  expect((await read(of)).value).toBe('counts');
  blobs.close();
});

test('everything of a user lies in one partition, under one prefix and on one list', async () => {
  const user_id = `u-${randomUUID()}`;
  const tiers = ['hot', 'warm', 'cold'];
  for (const tier of tiers) await put({ tenant: 'default', user_id, key: tier }, tier, { tier });
  const asked = world.cosmos.calls.all.filter(({ container, id }) => container === 'items' && tiers.some((tier) => id === `i|${tier}`));
  expect(new Set(asked.map(({ partition }) => partition))).toEqual(new Set([JSON.stringify([userItems('default', user_id)])]));
  const prefixes = new Set(tiers.map((key) => itemBlobs({ tenant: 'default', user_id, key }).split('/')[0]));
  expect(prefixes.size).toBe(1);
  expect(await world.instance().items.hot?.dropUser('default', user_id)).toBe(3);
  await expect(read({ tenant: 'default', user_id, key: 'hot' })).rejects.toMatchObject({ code: 'item_not_found' });
  expect((await read({ tenant: 'default', user_id, key: 'cold' })).tier).toBe('cold');
});
