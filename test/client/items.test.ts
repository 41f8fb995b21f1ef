import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryClient, ItemNotFound, PreconditionFailed, TooLarge, Unavailable } from '../../src/lib/client/client.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PAGE = 'https://app.example.com';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { ITEM_MAX_BYTES: '1000000', CORS_ORIGINS: PAGE } });
});
afterAll(() => stack.stop());

const open = (options: { fetch?: typeof fetch } = {}) => createMemoryClient({ baseUrl: `${stack.api().url}/api`, ...options });
const fresh = () => `k-${randomUUID()}`;

describe('items', () => {
  test('are put, read, looked for and deleted', async () => {
    const { items } = open();
    const key = fresh();
    const value = { a: [1, null, 'é🜁'], b: {} };
    expect(await items.set(key, value, { ttl_seconds: 60 })).toMatchObject({ key, tier: 'warm', durability: 'stored' });
    expect(await items.get(key)).toEqual(value);
    expect(await items.read(key)).toMatchObject({ value, tier: 'hot', promoted_to: [], content_type: 'application/json' });
    expect(await items.read(key, { tier: 'warm' })).toMatchObject({ value, tier: 'warm' });
    expect([await items.has(key), await items.has(key, { tier: 'cold' }), await items.has(fresh())]).toEqual([true, false, false]);
    expect([await items.delete(key), await items.delete(key)]).toEqual([true, false]);
    await items.set(key, null);
    expect(await items.get(key, 'not null')).toBe(null);
  });

  test('that are not there throw, unless there is a fallback', async () => {
    const { items } = open();
    await expect(items.get(fresh())).rejects.toBeInstanceOf(ItemNotFound);
    await expect(items.read(fresh())).rejects.toMatchObject({ code: 'item_not_found', status: 404 });
    expect(await items.get(fresh(), { theme: 'light' })).toEqual({ theme: 'light' });
    expect(await items.get(fresh(), undefined)).toBe(undefined);
    await expect(items.get('not/a/key', 'fallback')).rejects.toMatchObject({ code: 'invalid_id' });
    await expect(items.set(fresh(), 'x'.repeat(1_000_000))).rejects.toBeInstanceOf(TooLarge);
  });

  test('are put on conditions, and such a write is not sent again', async () => {
    const key = fresh();
    const { items } = open();
    const { etag } = await items.set(key, 1, { ifNoneMatch: '*' });
    await expect(items.set(key, 2, { ifNoneMatch: '*' })).rejects.toBeInstanceOf(PreconditionFailed);
    await items.set(key, 2, { ifMatch: etag });
    await expect(items.delete(key, { ifMatch: etag })).rejects.toBeInstanceOf(PreconditionFailed);
    expect(await items.get(key)).toBe(2);

    let sent = 0;
    const losing: typeof fetch = async (input, init) => {
      sent++;
      await (await fetch(input, init)).text();
      throw new TypeError('fetch failed');
    };
    const { etag: second } = await items.read(key);
    await expect(open({ fetch: losing }).items.set(key, 3, { ifMatch: second })).rejects.toBeInstanceOf(Unavailable);
    expect([sent, await items.get(key)]).toEqual([1, 3]);
  });

  test('are put where the options say', async () => {
    const { items } = open();
    expect(await items.set(fresh(), 1, { preset: 'session' })).toMatchObject({ tier: 'hot', durability: 'cache' });
    const key = fresh();
    expect(await items.set(key, 1, { tier: 'cold', write_through: false })).toMatchObject({ tier: 'cold' });
    expect(await items.has(key, { tier: 'hot' })).toBe(false);
    expect(await items.prefetch([key, 'none'])).toEqual({ prefetched: 1, missing: ['none'] });
    expect(await items.read(key)).toMatchObject({ value: 1, tier: 'hot' });
  });

  test('are put and read by the hundred, each for itself', async () => {
    const { items } = open();
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${fresh()}-${i}`, { i }]));
    const results = await items.setMany(many, { tier: 'warm', ttl_seconds: 60 });
    expect(Object.values(results).every((result) => result.status === 'success' && result.tier === 'warm')).toBe(true);
    const keys = Object.keys(many);
    expect((await items.getMany(keys)).items).toEqual(many);
    expect(await items.getMany([keys[0]!, 'none'])).toEqual({ items: { [keys[0]!]: { i: 0 }, none: null }, missing: ['none'] });
    await expect(items.setMany({ bytes: new Uint8Array(3) })).rejects.toMatchObject({ code: 'invalid_body', status: 400 });
    await expect(items.getMany([])).rejects.toMatchObject({ code: 'invalid_body', errors: [{ path: 'keys' }] });
  });
});

describe('bytes', () => {
  test.each([
    ['none', new Uint8Array()],
    ['some', randomBytes(70_000)],
    ['a part of a larger buffer', new Uint8Array(randomBytes(64).buffer, 8, 16)],
    ['what reads like JSON', new TextEncoder().encode('{"value":1}')],
  ])('%s: come back as they were', async (_what, data) => {
    const { items } = open();
    const key = fresh();
    expect(await items.set(key, data)).toMatchObject({ key, size_bytes: data.length });
    const back = await items.get<Uint8Array>(key);
    expect(back).toBeInstanceOf(Uint8Array);
    expect(Buffer.from(back).equals(Buffer.from(data))).toBe(true);
    const { content_type, tier, etag, expires_at } = await items.read(key);
    expect({ content_type, tier, expires_at }).toEqual({ content_type: 'application/octet-stream', tier: 'hot', expires_at: null });
    expect(etag).toMatch(/^".+"$/);
  });

  test('have a type and options of their own, and are seen among many', async () => {
    const { items } = open();
    const key = fresh();
    const png = new Uint8Array([137, 80, 78, 71]);
    await items.set(key, png, { content_type: 'image/png', tier: 'cold', ttl_seconds: 60, write_through: false });
    const found = await items.read<Uint8Array>(key);
    expect(found).toMatchObject({ content_type: 'image/png', tier: 'cold', promoted_to: ['hot', 'warm'] });
    expect(Date.parse(found.expires_at!)).toBeGreaterThan(Date.now());
    expect([...found.value]).toEqual([...png]);
    const { items: many } = await items.getMany([key]);
    expect(many[key]).toEqual({ content_type: 'image/png', base64: Buffer.from(png).toString('base64') });
  });
});

test('a page of another origin may read what the client reads of bytes', async () => {
  const key = fresh();
  await open().items.set(key, new Uint8Array([1]), { ttl_seconds: 60 });
  const { headers } = await stack.api().get(`/items/${key}`, { headers: { origin: PAGE } });
  const exposed = headers.get('access-control-expose-headers')?.split(', ') ?? [];
  const told = [...headers.keys()].filter((name) => name.startsWith('x-item-'));
  expect(told).toEqual(['x-item-expires-at', 'x-item-promoted-to', 'x-item-tier']);
  for (const name of [...told, 'etag', 'x-degraded']) expect(exposed).toContain(name);
});

test("a user's items are the user's own, and listed in pages", async () => {
  const memory = open();
  const user = memory.user(`u-${randomUUID()}`);
  await user.items.setMany(Object.fromEntries(Array.from({ length: 3 }, (_, i) => [`note-${i}`, i])));
  await user.items.set('photo', new Uint8Array([1]), { content_type: 'image/png' });
  expect(await memory.items.has('note-0')).toBe(false);
  expect(await memory.user('somebody-else').items.get('note-0', 'none')).toBe('none');

  const page = await user.items.list({ limit: 3 });
  expect(page.items.map(({ key }) => key)).toEqual(['note-0', 'note-1', 'note-2']);
  expect((await user.items.list({ limit: 3, cursor: page.next_cursor! })).items).toMatchObject([
    { key: 'photo', content_type: 'image/png' },
  ]);
  const keys: string[] = [];
  for await (const { key } of user.items.all({ prefix: 'note-' })) keys.push(key);
  expect(keys).toEqual(['note-0', 'note-1', 'note-2']);
  await expect(memory.items.list()).rejects.toMatchObject({ code: 'invalid_query' });
});
