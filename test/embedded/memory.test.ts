import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coldTier, createMemory, hotTier, Unavailable, warmTier } from '../../src/lib/embedded/memory.ts';
import { createTableTier } from '../items/table-tier.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { openOwn } from './own-memory.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ apps: 0, settings: { BREAKER_FAILURES: '100' } });
});
afterAll(() => stack.stop());

const fresh = () => `k-${randomUUID()}`;
const settings = () => stack.env;

test.each([
  ['hot', 'hot', 'cache'],
  ['warm', 'warm', 'stored'],
  ['cold', 'cold', 'stored'],
  ['hot warm', 'warm', 'stored'],
  ['hot cold', 'cold', 'stored'],
  ['warm cold', 'warm', 'stored'],
])('an application may inject %s only: what names no tier goes to %s', async (names, home, durability) => {
  const all = { hot: () => hotTier(settings()), warm: () => warmTier(settings()), cold: () => coldTier(settings()) };
  const injected = (name: keyof typeof all) => (names.includes(name) ? all[name]() : undefined);
  const memory = createMemory({ hot: injected('hot'), warm: injected('warm'), cold: injected('cold') }, { settings: settings() });
  const key = fresh();
  expect(await memory.items.set(key, { in: names })).toMatchObject({ tier: home, durability });
  expect(await memory.items.get(key)).toEqual({ in: names });
  expect(Object.keys(memory.stats())).toEqual(names.split(' '));
  for (const tier of ['hot', 'warm', 'cold'] as const) {
    if (!names.includes(tier))
      await expect(memory.items.set(key, 1, { tier })).rejects.toMatchObject({ code: 'tier_disabled', status: 501 });
  }
  if (!names.includes('warm')) await expect(memory.user('nora').items.list()).rejects.toMatchObject({ code: 'tier_disabled' });
  if (names !== 'warm cold') await expect(memory.demote()).rejects.toMatchObject({ code: 'tier_disabled' });
  expect(await memory.items.delete(key)).toBe(true);
  await memory.close();
});

test('memories that keep their records elsewhere have other items: none can hide what it cannot see', async () => {
  const [full, hotOnly, withoutCosmos] = [
    openOwn(stack),
    createMemory({ hot: hotTier(settings()) }, { settings: settings() }),
    createMemory({ hot: hotTier(settings()), cold: coldTier(settings()) }, { settings: settings() }),
  ];
  const key = fresh();
  await full.items.set(key, 'durable');
  await hotOnly.items.set(key, 'cached');
  await withoutCosmos.items.set(key, 'in blobs');
  expect(await Promise.all([full, hotOnly, withoutCosmos].map(({ items }) => items.get(key)))).toEqual(['durable', 'cached', 'in blobs']);
  await hotOnly.items.delete(key);
  expect(await full.items.get(key)).toBe('durable');
  await Promise.all([full.close(), hotOnly.close(), withoutCosmos.close()]);
});

test('a tier of its own is one more name, which only this memory knows', async () => {
  const table = createTableTier({ now: Date.now, maxBytes: 1e6 });
  const memory = createMemory({ hot: hotTier(settings()), warm: warmTier(settings()), table }, { settings: settings() });
  const key = fresh();
  expect(await memory.items.set(key, 'rows', { tier: 'table', write_through: false })).toMatchObject({ tier: 'table' });
  expect([table.rows.size, await memory.items.get(key)]).toEqual([1, 'rows']);
  expect(memory.stats().table).toMatchObject({ hits: 1, errors: 0, connections: undefined });
  // @ts-expect-error this memory has no such tier
  await expect(memory.items.set(key, 1, { tier: 'cold' })).rejects.toMatchObject({ code: 'tier_disabled' });
  await memory.close();
});

test('nothing is called before it is used, and nothing is open afterwards', async () => {
  stack.redis.calls.reset();
  stack.cosmos.calls.reset();
  const memory = openOwn(stack);
  const before = memory.stats();
  expect([before.hot.connections?.state, before.warm.connections?.state]).toEqual(['unused', 'unused']);
  expect([stack.redis.calls.all, stack.cosmos.calls.all]).toEqual([[], []]);
  await memory.items.set(fresh(), 1);
  expect(memory.stats().hot.connections).toMatchObject({ state: 'ready', open: 1 });
  await memory.close();
  await expect.poll(() => memory.stats().hot.connections?.open).toBe(0);
});

test('it says what it did: one line an operation without key or value, and the tiers in figures', async () => {
  const lines: [string, string, Record<string, unknown>][] = [];
  const memory = openOwn(stack, { log: (...line) => lines.push(line) });
  const key = fresh();
  await memory.items.set(key, 'a secret');
  await memory.items.get(key);
  await memory.items.get(fresh(), 'none');
  const items = lines.filter(([, event]) => event === 'item');
  expect(items).toMatchObject([
    ['info', 'item', { op: 'put', tier: 'warm', durability: 'stored', ms: expect.any(Number) }],
    ['info', 'item', { op: 'get', hit: true, tier: 'hot', key_hash: items[0]?.[2].key_hash }],
    ['info', 'item', { op: 'get', hit: false }],
  ]);
  expect(JSON.stringify(lines)).not.toMatch(new RegExp(`secret|${key}`));
  const { hot, warm } = memory.stats();
  expect(hot).toMatchObject({ hits: 1, misses: 1, hit_rate: 0.5, errors: 0, last_5_minutes: { hits: 1 } });
  expect(warm).toMatchObject({ hits: 0, misses: 1, p50_ms: expect.any(Number) });
  await memory.close();
});

test('without Redis it goes on and says so; without Cosmos DB what is durable is refused', async () => {
  const memory = openOwn(stack);
  const key = fresh();
  await memory.items.set(key, 'kept');
  const redisDown = stack.redis.faults.add({ action: { error: 'LOADING Redis is loading the dataset in memory' } });
  expect(await memory.items.read(key)).toMatchObject({ value: 'kept', tier: 'warm', degraded: ['redis'] });
  await expect(memory.items.set(fresh(), 1, { tier: 'hot' })).rejects.toBeInstanceOf(Unavailable);
  redisDown.remove();
  const cosmosDown = stack.cosmos.faults.add({ action: { status: 503 } });
  await expect(memory.items.set(key, 'lost')).rejects.toMatchObject({ code: 'tier_unavailable', retry_after_seconds: 5 });
  cosmosDown.remove();
  expect(await memory.items.get(key)).toBe('kept');
  await memory.close();
});

test('what nobody reads goes down when it is told to', async () => {
  const memory = openOwn(stack, { tenant: fresh() });
  await memory.items.set('old', 'still there', { write_through: false });
  expect(await memory.demote({ older_than_seconds: 0 })).toEqual({ demoted: 1, kept: 0, gone: 0, broken: 0, complete: true });
  expect(await memory.items.read('old')).toMatchObject({ value: 'still there', tier: 'cold' });
  await expect(memory.demote({ older_than_seconds: -1 })).rejects.toMatchObject({ code: 'invalid_body' });
  await memory.close();
});

test('a wrong or missing setting is said when the tier is made, by its name', () => {
  const azure = { WEBSITE_SITE_NAME: 'app' };
  expect(() => hotTier({ REDIS_URL: 'http://wrong' })).toThrow(/^REDIS_URL: must be /);
  expect(() => hotTier(azure)).toThrow(/^REDIS_URL: is needed for the hot tier/);
  expect(() => warmTier(azure)).toThrow(/^COSMOS_ENDPOINT: is needed/);
  expect(() => coldTier(azure)).toThrow(/^BLOB_ACCOUNT_URL: is needed for the cold tier/);
  expect(() => createMemory({}, { settings: { ITEM_COPY_SECONDS: 'long' } })).toThrow(/^ITEM_COPY_SECONDS: must be /);
  // @ts-expect-error no setting has this name
  hotTier({ REDIS_URI: 'redis://localhost' });
  expect(() => createMemory({})).toThrow(/at least one tier/);
  const hot = hotTier({ REDIS_URL: 'redis://localhost' });
  for (const tenant of ['', 'a|u|b', 'default~hot']) {
    expect(() => createMemory({ hot }, { tenant })).toThrow(
      expect.objectContaining({ code: 'invalid_id', message: expect.stringMatching(/tenant: /) }),
    );
  }
});

test('a credential of its own is asked for tokens', async () => {
  const asked: unknown[] = [];
  const credential = {
    getToken: async (scopes: string | string[]) => {
      asked.push(scopes);
      throw new Error('no token today');
    },
  };
  const warm = warmTier({ COSMOS_ENDPOINT: 'https://nowhere.invalid' }, { credential });
  const memory = createMemory({ warm });
  await expect(memory.items.get(fresh())).rejects.toThrow();
  expect(asked.length).toBeGreaterThan(0);
  await memory.close();
});
