import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryError } from '../../src/lib/errors.ts';
import { contentOf } from '../../src/lib/memory/items/items.ts';
import { type ItemName, itemEntry } from '../../src/lib/tiers/keys.ts';
import type { Put } from '../../src/lib/tiers/tier.ts';
import { waitFor } from '../support/wait.ts';
import { startWorld, type World } from './world.ts';

const LATE_MS = 300;
let world: World;
beforeAll(async () => {
  world = await startWorld({ clients: 2 });
}, 60_000);
afterAll(() => world.stop());

const fresh = (): ItemName => ({ tenant: 'default', user_id: null, key: `k-${randomUUID()}` });
const asking = (value: unknown, more: Partial<Put> = {}): Put => ({
  ...contentOf(value),
  tier: 'warm',
  expires_at: null,
  writeThrough: true,
  ...more,
});
const put = (client: number, of: ItemName, asked: Put) => world.client(client).items.put(of, asked);
const read = async (client: number, of: ItemName, only?: string) => {
  const got = await world.client(client).items.get(of, only);
  return got && JSON.parse(got.item.data.toString());
};
const stored = async (of: ItemName) => (await world.tiers.warm.get(of))?.data.toString();

test('when two writers reach Redis in the other order, the newer value stays', async () => {
  const of = fresh();
  await put(0, of, asking('before'));
  world.client(0).late.push(0, 0, LATE_MS); // the answer of its record's write
  const first = put(0, of, asking('first'));
  await waitFor(async () => (await stored(of)) === '"first"', { what: 'the first write' });
  await put(1, of, asking('second'));
  await first;
  for (const client of [0, 1]) expect(await read(client, of)).toBe('second');
  expect(await read(0, of, 'hot')).toBe('second');
});

test.each(['put', 'delete'])('what was read before a %s is not promoted after it', async (how) => {
  const of = fresh();
  await put(0, of, asking('old'));
  await world.raw.del(itemEntry(of));
  world.client(1).late.push(0, LATE_MS); // the answer of the ledger
  const reading = read(1, of);
  await waitFor(() => world.client(1).late.length === 0, { what: 'the reader to have looked below' });
  if (how === 'put') await put(0, of, asking('new', { writeThrough: false }));
  else await world.client(0).items.remove(of);
  expect(await reading).toBe('old');
  const now = how === 'put' ? 'new' : undefined;
  for (const client of [0, 1]) expect(await read(client, of)).toBe(now);
});

test('nothing that was read missing hides what was put meanwhile', async () => {
  const of = fresh();
  world.client(1).late.push(0, LATE_MS);
  const reading = read(1, of);
  await waitFor(() => world.client(1).late.length === 0, { what: 'the reader to have looked below' });
  await put(0, of, asking('there'));
  expect(await reading).toBe(undefined);
  for (const client of [0, 1]) expect(await read(client, of)).toBe('there');
});

test('of many who put what must be new, one does', async () => {
  for (const tier of ['hot', 'warm', 'cold']) {
    const of = fresh();
    const check = (etag: string | undefined) => {
      if (etag !== undefined) throw new MemoryError('precondition_failed', 'there is one');
    };
    const answers = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => put(i % 2, of, asking(i, { tier, check }))));
    const won = answers.flatMap((answer, i) => (answer.status === 'fulfilled' ? [i] : []));
    const codes = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []));
    expect([won.length, new Set(codes)], tier).toEqual([1, new Set(['precondition_failed'])]);
    expect(await read(1, of)).toBe(won[0]);
  }
});

test('of many who change the same edition, one does', async () => {
  for (const tier of ['hot', 'warm', 'cold']) {
    const of = fresh();
    const { etag: seen } = await put(0, of, asking('seen', { tier }));
    const check = (etag: string | undefined) => {
      if (etag !== seen) throw new MemoryError('precondition_failed', 'it is another one');
    };
    const answers = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => put(i % 2, of, asking(i, { tier, check }))));
    expect(answers.filter(({ status }) => status === 'fulfilled').length, tier).toBe(1);
  }
});

test('after a write that may have happened everybody sees the same', async () => {
  const of = fresh();
  await put(0, of, asking('before'));
  expect(await read(1, of)).toBe('before');
  world.client(0).health.cosmos = 'after';
  await expect(put(0, of, asking('maybe'))).rejects.toMatchObject({ code: 'tier_unavailable' });
  world.client(0).health.cosmos = 'up';
  expect(await read(1, of, 'warm')).toBe('maybe');
  for (const client of [0, 1]) expect(await read(client, of)).toBe('maybe');
});

test('an item alone in Redis and a durable one at the same time end as one', async () => {
  for (let round = 0; round < 20; round++) {
    const of = fresh();
    await Promise.all([
      put(0, of, asking('alone', { tier: 'hot', expires_at: world.clock.now() + 60_000 })),
      put(1, of, asking('durable')),
    ]);
    const seen = await read(0, of);
    await world.raw.del(itemEntry(of));
    const after = await read(1, of);
    expect([seen, undefined]).toContain(after); // Redis may lose what is alone, and nothing older comes from below
  }
});
