import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentOf } from '../../src/lib/memory/items/items.ts';
import { newEdition } from '../../src/lib/tiers/item-edition.ts';
import type { ItemName } from '../../src/lib/tiers/keys.ts';
import type { Edition, Item, MemoryRules, Tier } from '../../src/lib/tiers/tier.ts';
import { createTieredMemory } from '../../src/lib/tiers/tiered.ts';
import type { TierOperation } from '../../src/lib/tiers/tiered-watch.ts';
import { createTableTier } from './table-tier.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 60_000);
afterAll(() => world.stop());

const fresh = (): ItemName => ({ tenant: 'default', user_id: null, key: `k-${randomUUID()}` });
const itemWith = (value: unknown, { after, ...more }: { after?: Edition; expires_at?: number | null } = {}): Item => ({
  ...newEdition(world.clock.now(), [after]),
  ...contentOf(value),
  expires_at: null,
  ...more,
});

const TIERS: [string, () => Tier][] = [
  ['hot', () => world.tiers.hot],
  ['warm', () => world.tiers.warm],
  ['cold', () => world.tiers.cold],
  ['table', () => createTableTier({ now: world.clock.now, maxBytes: 1e6 })],
];

describe.each(TIERS)('the tier %s', (name, tierOf) => {
  const keepsEditions = name === 'cold' || name === 'table';

  test('gives back what was set, until its time is over', async () => {
    const [tier, of] = [tierOf(), fresh()];
    const item = itemWith({ a: [1, 'é'] }, { expires_at: world.clock.now() + 5000 });
    expect(await tier.get(of, item)).toBe(undefined);
    expect(await tier.has(of, item)).toBe(false);
    expect(await tier.set(of, item)).toBe(true);
    expect(await tier.get(of, item)).toEqual(item);
    expect(await tier.has(of, item)).toBe(true);
    world.clock.advance({ seconds: 6 });
    expect(await tier.get(of, item)).toBe(undefined);
  });

  test('keeps bytes and their type', async () => {
    const [tier, of] = [tierOf(), fresh()];
    const item = { ...itemWith(0), type: 'image/png; q="ä"'.replace('ä', 'a'), data: Buffer.from([0, 255, 10, 13, 128]) };
    await tier.set(of, item);
    expect(await tier.get(of, item)).toEqual(item);
  });

  test('does not go back from a newer edition to an older one, or from nothing to what was deleted', async () => {
    const [tier, of] = [tierOf(), fresh()];
    const first = itemWith(1);
    const second = itemWith(2, { after: first });
    await tier.set(of, second);
    expect(await tier.set(of, first)).toBe(keepsEditions);
    expect((await tier.get(of, second))?.data.toString()).toBe('2');
    await tier.delete(of, second);
    expect(await tier.get(of, second)).toBe(undefined);
    if (!keepsEditions) expect([await tier.set(of, first), await tier.get(of)]).toEqual([false, undefined]);
    const third = itemWith(3, { after: second });
    expect(await tier.set(of, third)).toBe(true);
    expect((await tier.get(of, third))?.data.toString()).toBe('3');
  });

  test('takes and gives many', async () => {
    const tier = tierOf();
    const entries = Array.from({ length: 20 }, (_, i) => [fresh(), itemWith(i)] as const);
    expect(await tier.setMany(entries)).toEqual(entries.map(() => true));
    const found = await tier.getMany([...entries.map(([of]) => of), fresh()]);
    if (!keepsEditions) expect(found).toEqual([...entries.map(([, item]) => item), undefined]);
    expect(found).toHaveLength(21);
  });
});

describe('a memory', () => {
  const rules = (more: Partial<MemoryRules> = {}): MemoryRules => ({
    now: world.clock.now,
    hotMs: 300_000,
    promoteReads: 1,
    promoteWithinMs: 3_600_000,
    demoteAfterMs: 86_400_000,
    deadlineMs: 5000,
    ...more,
  });
  const putIn = (tier: string, value: unknown) => ({ ...contentOf(value), tier, expires_at: null, writeThrough: false });

  test.each([
    ['hot', ['hot']],
    ['warm', ['warm']],
    ['cold', ['cold']],
    ['hot and warm', ['hot', 'warm']],
    ['hot and cold', ['hot', 'cold']],
    ['all three', ['hot', 'warm', 'cold']],
  ] as const)('has only the tiers that it is given: %s', async (_what, names) => {
    const memory = createTieredMemory(Object.fromEntries(names.map((name) => [name, world.tiers[name]])), rules());
    expect(memory.names).toEqual(names);
    for (const tier of ['hot', 'warm', 'cold']) {
      const of = fresh();
      const isThere = (names as readonly string[]).includes(tier);
      if (!isThere) {
        await expect(async () => memory.put(of, putIn(tier, 1))).rejects.toMatchObject({ code: 'tier_disabled' });
        continue;
      }
      const kept = await memory.put(of, putIn(tier, { in: tier }));
      expect(kept).toMatchObject({ tier, durability: tier === 'hot' ? 'cache' : 'stored' });
      expect(await memory.get(of)).toMatchObject({ tier, item: { etag: kept.etag } });
      const again = await memory.put(of, putIn(tier, 2));
      expect((await memory.get(of))?.item).toMatchObject({ etag: again.etag, data: Buffer.from('2') });
      expect(await memory.remove(of)).toBe(true);
      expect(await memory.get(of)).toBe(undefined);
      expect(await memory.remove(of)).toBe(false);
    }
  });

  test('takes a fourth tier as one more name: written to, read from, promoted out of and demoted past', async () => {
    const table = createTableTier({ now: world.clock.now, maxBytes: 1e6 });
    const { hot, warm, cold } = world.tiers;
    const memory = createTieredMemory({ hot, warm, table, cold }, rules());
    expect(memory.names).toEqual(['hot', 'warm', 'table', 'cold']);
    const of = fresh();
    const kept = await memory.put(of, putIn('table', 'rows'));
    expect([kept.tier, table.rows.size]).toEqual(['table', 1]);
    expect(await memory.get(of)).toMatchObject({ tier: 'table', promoted_to: ['hot', 'warm'] });
    expect(await memory.get(of)).toMatchObject({ tier: 'hot', promoted_to: [] });
    expect(await memory.get(of, 'table')).toMatchObject({ tier: 'table' });
    expect(await memory.lookAfter(of, { olderThanMs: 0 })).toMatchObject({ did: 'demoted' });
    expect(await memory.get(of, 'warm')).toBe(undefined);
    await memory.put(of, putIn('cold', 'blob'));
    expect(table.rows.size).toBe(0);
    expect((await memory.get(of, 'cold'))?.item.data.toString()).toBe('"blob"');
  });

  test('tells every operation of its tiers, with hits, misses and time', async () => {
    const seen: TierOperation[] = [];
    const { hot, warm, cold } = world.tiers;
    const memory = createTieredMemory({ hot, warm, cold }, rules({ observe: (operation) => seen.push(operation) }));
    const of = fresh();
    await memory.put(of, { ...putIn('warm', 1), writeThrough: true });
    await memory.get(of);
    await memory.get(fresh());
    const told = seen.map(({ tier, op, hits, misses, failed }) => `${tier}.${op} ${hits}/${misses}${failed ? ' failed' : ''}`);
    const put = ['hot.begin 0/0', 'warm.read 0/0', 'warm.write 0/0', 'hot.commit 0/0'];
    expect(told.toSorted()).toEqual([...put, 'hot.look 1/0', 'hot.look 0/1', 'warm.read 0/1', 'hot.promote 0/0'].toSorted());
    expect(seen.every(({ ms }) => ms >= 0)).toBe(true);
  });
});
