import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
}, 60_000);
afterAll(() => stack.stop());

const fresh = () => `k-${randomUUID()}`;

test('an item is put warm, read hot, deleted everywhere', async () => {
  const api = stack.api();
  const key = fresh();
  const put = await api.request('PUT', `/items/${key}`, { body: { value: { a: [1, null, 'é🜁'] } } });
  expect(put).toMatchObject({ status: 200, body: { key, tier: 'warm', durability: 'stored', compressed: false, expires_at: null } });
  expect(put.body.size_bytes).toBe(Buffer.byteLength(JSON.stringify({ a: [1, null, 'é🜁'] })));
  expect(put.headers.get('etag')).toBe(put.body.etag);

  const hot = await api.get(`/items/${key}`);
  expect(hot).toMatchObject({
    status: 200,
    body: { key, value: { a: [1, null, 'é🜁'] }, tier: 'hot', promoted_to: [], etag: put.body.etag },
  });
  expect((await api.get(`/items/${key}?tier=warm`)).body).toMatchObject({ tier: 'warm', etag: put.body.etag });
  expect((await api.get(`/items/${key}?tier=cold`)).body).toMatchObject({ code: 'item_not_found' });
  const head = await api.request('HEAD', `/items/${key}`);
  expect([head.status, head.headers.get('x-item-tier'), head.headers.get('etag')]).toEqual([200, 'hot', put.body.etag]);

  expect((await api.request('DELETE', `/items/${key}`)).body).toEqual({ key, deleted: true });
  expect((await api.get(`/items/${key}`)).body).toMatchObject({ status: 404, code: 'item_not_found' });
  expect((await api.get(`/items/${key}?tier=warm`)).status).toBe(404);
  expect((await api.request('HEAD', `/items/${key}`)).status).toBe(404);
  expect((await api.request('DELETE', `/items/${key}`)).status).toBe(404);
});

test('a cold item lies in Blob Storage and is promoted when it is read', async () => {
  const api = stack.api();
  const key = fresh();
  const put = await api.request('PUT', `/items/${key}`, { body: { value: 'frozen', tier: 'cold', write_through: false } });
  expect(put.body).toMatchObject({ tier: 'cold', durability: 'stored' });
  expect((await api.get(`/items/${key}`)).body).toMatchObject({ value: 'frozen', tier: 'cold', promoted_to: ['hot', 'warm'] });
  expect((await api.get(`/items/${key}`)).body).toMatchObject({ value: 'frozen', tier: 'hot', promoted_to: [] });
  expect((await api.get(`/items/${key}?tier=warm`)).body).toMatchObject({ value: 'frozen', tier: 'warm' });
  expect((await api.get(`/items/${key}?tier=cold`)).body).toMatchObject({ value: 'frozen', tier: 'cold' });
});

test('an item in hot alone says that it is a cache entry', async () => {
  const api = stack.api();
  const key = fresh();
  const put = await api.request('PUT', `/items/${key}`, { body: { value: 1, preset: 'session' } });
  expect(put.body).toMatchObject({ tier: 'hot', durability: 'cache' });
  expect(Date.parse(put.body.expires_at)).toBeGreaterThan(Date.now() + 290_000);
  expect((await api.get(`/items/${key}`)).body).toMatchObject({ value: 1, tier: 'hot' });
  expect((await api.get(`/items/${key}?tier=warm`)).status).toBe(404);
  const over = await api.request('PUT', `/items/${key}`, { body: { value: 2, tier: 'hot', ttl_seconds: 60 } });
  expect(over.body.durability).toBe('cache');
  expect((await api.get(`/items/${key}`)).body).toMatchObject({ value: 2, etag: over.body.etag });
});

test('raw bytes come back as they went in, with their type', async () => {
  const api = stack.api();
  const bytes = Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 256));
  for (const tier of ['hot', 'warm', 'cold']) {
    const key = fresh();
    const put = await api.request('PUT', `/items/${key}?tier=${tier}&ttl_seconds=600`, {
      body: bytes,
      headers: { 'content-type': 'image/png' },
    });
    expect(put).toMatchObject({ status: 200, body: { tier, size_bytes: 4096 } });
    const got = await fetch(`${stack.api().url}/api/items/${key}`);
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
    expect([got.status, got.headers.get('content-type'), got.headers.get('etag')]).toEqual([200, 'image/png', put.body.etag]);
    expect(got.headers.get('x-item-tier')).toBe('hot');
  }
});

test('batches read and write many, each for itself', async () => {
  const api = stack.api();
  const user_id = `u-${randomUUID()}`;
  const items = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key-${String(i).padStart(3, '0')}`, { i }]));
  const set = await api.post(`/items/mset?user_id=${user_id}`, { items });
  expect(Object.values(set.body.results).every((result) => (result as { status: string }).status === 'success')).toBe(true);
  const got = await api.post(`/items/mget?user_id=${user_id}`, { keys: [...Object.keys(items).slice(1), 'nobody'] });
  expect(got.body.missing).toEqual(['nobody']);
  expect(got.body.items).toEqual({ ...items, 'key-000': undefined, nobody: null });
  expect((await api.post(`/items/prefetch?user_id=${user_id}`, { keys: ['key-001', 'nobody'] })).body).toEqual({
    prefetched: 1,
    missing: ['nobody'],
  });
  const listed = await api.get(`/items?user_id=${user_id}&prefix=key-01&limit=6`);
  expect(listed.body.items.map(({ key }: { key: string }) => key)).toEqual([
    'key-010',
    'key-011',
    'key-012',
    'key-013',
    'key-014',
    'key-015',
  ]);
  const rest = await api.get(`/items?user_id=${user_id}&prefix=key-01&limit=6&cursor=${encodeURIComponent(listed.body.next_cursor)}`);
  expect(rest.body.items.map(({ key }: { key: string }) => key)).toEqual(['key-016', 'key-017', 'key-018', 'key-019']);
  expect((await api.get('/items')).status).toBe(400);
});

test('demote moves what nobody reads to the cold tier, and a read brings it back', async () => {
  const api = stack.api();
  const key = fresh();
  await api.request('PUT', `/items/${key}`, { body: { value: 'old', write_through: false } });
  const demoted = await api.post('/items/demote', { older_than_seconds: 0 });
  expect(demoted.body).toMatchObject({ complete: true, broken: 0 });
  expect(demoted.body.demoted).toBeGreaterThanOrEqual(1);
  expect((await api.get(`/items/${key}?tier=warm`)).status).toBe(404);
  expect((await api.get(`/items/${key}`)).body).toMatchObject({ value: 'old', tier: 'cold', promoted_to: ['hot', 'warm'] });
});

test('conditions hold: only when it is new, only when it is this one', async () => {
  const api = stack.api();
  for (const tier of ['hot', 'warm', 'cold']) {
    const path = `/items/${fresh()}`;
    const body = { value: 1, tier };
    const first = await api.request('PUT', path, { body, headers: { 'if-none-match': '*' } });
    expect(first.status).toBe(200);
    expect((await api.request('PUT', path, { body, headers: { 'if-none-match': '*' } })).body).toMatchObject({
      code: 'precondition_failed',
    });
    const second = await api.request('PUT', path, { body, headers: { 'if-match': first.body.etag } });
    expect(second.status).toBe(200);
    expect((await api.request('PUT', path, { body, headers: { 'if-match': first.body.etag } })).status).toBe(412);
    expect((await api.request('DELETE', path, { headers: { 'if-match': first.body.etag } })).status).toBe(412);
    expect((await api.request('DELETE', path, { headers: { 'if-match': second.body.etag } })).status).toBe(200);
    expect((await api.request('PUT', path, { body, headers: { 'if-match': '*' } })).status).toBe(412);
  }
});
