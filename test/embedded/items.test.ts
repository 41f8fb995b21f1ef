import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryClient, type Items } from '../../src/lib/client/client.ts';
import { ItemNotFound, PreconditionFailed, TooLarge } from '../../src/lib/embedded/memory.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { openOwn, type Three } from './own-memory.ts';

let stack: Stack;
let own: Three;
beforeAll(async () => {
  stack = await startStack({ settings: { ITEM_MAX_BYTES: '1000000' } });
  own = openOwn(stack);
});
afterAll(async () => {
  await own.close();
  await stack.stop();
});

const client = () => createMemoryClient({ baseUrl: `${stack.api().url}/api` });
const fresh = () => `k-${randomUUID()}`;
const WAYS: [string, () => Items, (user: string) => Items][] = [
  ['over HTTP', () => client().items, (user) => client().user(user).items],
  ['in this process', () => own.items, (user) => own.user(user).items],
];

describe.each(WAYS)('items %s', (_way, items, itemsOf) => {
  test('are put, read, looked for and deleted', async () => {
    const key = fresh();
    const value = { a: [1, null, 'é🜁'], b: {} };
    expect(await items().set(key, value, { ttl_seconds: 60 })).toEqual({
      key,
      tier: 'warm',
      etag: expect.stringMatching(/^"[\w-]+"$/),
      size_bytes: Buffer.byteLength(JSON.stringify(value)),
      compressed: false,
      expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      durability: 'stored',
    });
    expect(await items().get(key)).toEqual(value);
    const found = { key, value, tier: 'hot', promoted_to: [], content_type: 'application/json' };
    expect(await items().read(key)).toEqual({ ...found, etag: expect.any(String), expires_at: expect.any(String) });
    expect(await items().read(key, { tier: 'warm' })).toMatchObject({ value, tier: 'warm' });
    expect([await items().has(key), await items().has(key, { tier: 'cold' }), await items().has(fresh())]).toEqual([true, false, false]);
    expect([await items().delete(key), await items().delete(key)]).toEqual([true, false]);
    await items().set(key, null);
    expect(await items().get(key, 'not null')).toBe(null);
  });

  test('live where they are put, and come up when they are read', async () => {
    const [cached, cold] = [fresh(), fresh()];
    expect(await items().set(cached, 1, { tier: 'hot' })).toMatchObject({ tier: 'hot', durability: 'cache' });
    expect(await items().set(cold, 2, { preset: 'snapshot', write_through: false })).toMatchObject({ tier: 'cold', expires_at: null });
    expect(await items().read(cold)).toMatchObject({ value: 2, tier: 'cold', promoted_to: ['hot', 'warm'] });
    expect(await items().read(cold)).toMatchObject({ value: 2, tier: 'hot' });
    expect(await items().prefetch([cold, fresh()])).toMatchObject({ prefetched: 1, missing: [expect.any(String)] });
  });

  test('may be bytes', async () => {
    const key = fresh();
    const bytes = new Uint8Array(randomBytes(1000));
    expect(await items().set(key, bytes, { content_type: 'image/png', tier: 'cold' })).toMatchObject({ tier: 'cold', size_bytes: 1000 });
    expect(await items().read(key)).toMatchObject({ value: bytes, content_type: 'image/png', tier: 'hot' });
    expect((await items().getMany([key])).items).toEqual({
      [key]: { content_type: 'image/png', base64: Buffer.from(bytes).toString('base64') },
    });
  });

  test('are read and put in batches, each for itself', async () => {
    const [a, b, missing] = [fresh(), fresh(), fresh()];
    const results = await items().setMany({ [a]: { n: 1 }, [b]: null }, { ttl_seconds: 60 });
    expect(results).toMatchObject({ [a]: { status: 'success', key: a, tier: 'warm' }, [b]: { status: 'success' } });
    expect(await items().getMany([a, b, missing, a])).toEqual({ items: { [a]: { n: 1 }, [b]: null, [missing]: null }, missing: [missing] });
  });

  test('are put on conditions', async () => {
    const key = fresh();
    const { etag } = await items().set(key, 1, { ifNoneMatch: '*' });
    await expect(items().set(key, 2, { ifNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed', status: 412 });
    await items().set(key, 2, { ifMatch: etag });
    await expect(items().delete(key, { ifMatch: etag })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await items().get(key)).toBe(2);
  });

  test('of a user are listed, and are nobody else’s', async () => {
    const [user, other] = [fresh(), fresh()];
    const keys = Array.from({ length: 5 }, (_, i) => `n${i}`);
    for (const key of keys) await itemsOf(user).set(key, key);
    await itemsOf(user).set('m', 'not asked for');
    const page = await itemsOf(user).list({ prefix: 'n', limit: 3 });
    expect(page).toMatchObject({ count: 3, next_cursor: expect.any(String) });
    expect(page.items[0]).toEqual({
      ...{ key: 'n0', tier: 'warm', content_type: 'application/json', size_bytes: 4, expires_at: null },
      ...{ etag: expect.any(String), written_at: expect.any(String) },
    });
    const listed: string[] = [];
    for await (const { key } of itemsOf(user).all({ prefix: 'n' })) listed.push(key);
    expect(listed).toEqual(keys);
    expect((await itemsOf(other).list()).items).toEqual([]);
    expect([await itemsOf(other).has('n1'), await items().has('n1')]).toEqual([false, false]);
    await expect(items().list()).rejects.toMatchObject({ code: 'invalid_query' });
  });

  test.each<[string, (items: Items) => Promise<unknown>, object]>([
    ['a key that breaks the rule', (all) => all.get('not/a/key', 'fallback'), { code: 'invalid_id', status: 400 }],
    ['a key that is not there', (all) => all.get(fresh()), { name: 'ItemNotFound', code: 'item_not_found', status: 404 }],
    ['a key of 129 characters', (all) => all.set('k'.repeat(129), 1), { code: 'invalid_id' }],
    ['NUL in a value', (all) => all.set(fresh(), { text: 'a\u0000' }), { code: 'invalid_text' }],
    ['half a surrogate pair', (all) => all.set(fresh(), '\ud800'), { code: 'invalid_text' }],
    ['too deep a value', (all) => all.set(fresh(), JSON.parse(`${'['.repeat(70)}${']'.repeat(70)}`)), { code: 'invalid_body' }],
    ['a negative life', (all) => all.set(fresh(), 1, { ttl_seconds: -1 }), { code: 'invalid_body' }],
    ['an unknown preset', (all) => all.set(fresh(), 1, { preset: 'forever' as never }), { code: 'invalid_body' }],
    ['too large a value', (all) => all.set(fresh(), 'x'.repeat(1_000_001)), { name: 'TooLarge', code: 'body_too_large' }],
    ['a type that is none', (all) => all.set(fresh(), new Uint8Array(1), { content_type: 'png' }), { code: 'unsupported_media_type' }],
    [
      'too large a batch',
      (all) => all.setMany({ [fresh()]: 'x'.repeat(600_000), [fresh()]: 'x'.repeat(600_000) }),
      { name: 'TooLarge', code: 'body_too_large' },
    ],
    ['bytes in a batch', (all) => all.setMany({ [fresh()]: new Uint8Array(1) }), { code: 'invalid_body' }],
    ['no key', (all) => all.getMany([]), { code: 'invalid_body' }],
    ['101 keys', (all) => all.prefetch(Array.from({ length: 101 }, fresh)), { code: 'invalid_body' }],
    ['a page of nothing', (all) => all.list({ limit: 0 }), { code: 'invalid_query' }],
  ])('%s is refused', async (_what, call, error) => {
    await expect(call(items())).rejects.toMatchObject({ name: expect.stringMatching(/./), ...error });
  });
});

describe('the service and an application beside it', () => {
  test('have the same items, each at once what the other wrote', async () => {
    const [key, user] = [fresh(), fresh()];
    for (const [writer, reader] of [
      [client().items, own.items],
      [own.items, client().items],
      [client().user(user).items, own.user(user).items],
      [own.user(user).items, client().user(user).items],
    ] as const) {
      const value = randomUUID();
      const { etag } = await writer.set(key, value);
      expect(await reader.read(key)).toMatchObject({ value, etag });
      await reader.delete(key);
      expect(await writer.has(key)).toBe(false);
    }
  });

  test('another tenant’s are others', async () => {
    const elsewhere = openOwn(stack, { tenant: 'elsewhere' });
    const key = fresh();
    await own.items.set(key, 'ours');
    expect(await elsewhere.items.has(key)).toBe(false);
    await elsewhere.close();
  });
});

test('content is what is stored, not parsed', async () => {
  const key = fresh();
  await own.items.set(key, { a: 'é' });
  const { data, ...rest } = await own.items.content(key);
  expect(data.toString('utf8')).toBe('{"a":"é"}');
  expect(rest).toMatchObject({ key, tier: 'hot', content_type: 'application/json' });
  await expect(own.items.content(fresh())).rejects.toBeInstanceOf(ItemNotFound);
});

test('bytes are those of the moment in which they were given', async () => {
  const key = fresh();
  const bytes = new Uint8Array([1, 2, 3]);
  const setting = own.items.set(key, bytes, { tier: 'cold', write_through: false });
  bytes.fill(0);
  await setting;
  expect(await own.items.get(key)).toEqual(new Uint8Array([1, 2, 3]));
});

test('what is no JSON is refused, and bytes that call themselves so', async () => {
  for (const value of [undefined, () => 1, Symbol('a')]) {
    await expect(own.items.set(fresh(), value as never)).rejects.toMatchObject({ code: 'invalid_body' });
  }
  const lying = own.items.set(fresh(), new Uint8Array([123, 125]), { content_type: 'application/json' });
  await expect(lying).rejects.toMatchObject({ code: 'unsupported_media_type' });
  expect(() => own.user('not/an/id')).toThrow(expect.objectContaining({ code: 'invalid_id' }));
});

test('errors are those of the client', async () => {
  const key = fresh();
  await own.items.set(key, 1);
  await expect(own.items.set(key, 2, { ifMatch: '"other"' })).rejects.toBeInstanceOf(PreconditionFailed);
  await expect(own.items.set(key, 'x'.repeat(2_000_000))).rejects.toBeInstanceOf(TooLarge);
  await expect(own.items.delete(key, { ifMatch: '"other"' })).rejects.toBeInstanceOf(PreconditionFailed);
});
