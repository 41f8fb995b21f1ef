import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { type BlobProxy, startBlobProxy } from '../support/blob-proxy.ts';
import { type Rehearsal, rehearse } from './rehearsal.ts';

let on: Rehearsal;
let blobs: BlobProxy;
beforeAll(async () => {
  blobs = await startBlobProxy(inject('storage'));
  on = await rehearse({ BLOB_CONNECTION_STRING: blobs.connectionString });
});
afterAll(async () => {
  await on.stop();
  await blobs.stop();
});
beforeEach(() => blobs.clear());

test('a little throttling is borne: callers wait, and only the figures tell', async () => {
  const key = on.fresh();
  blobs.strike({ status: 503, times: 2 });
  const cold = await on.change('cold', async () => {
    expect((await on.put(key, { value: 'kept', tier: 'cold' })).status).toBe(200);
  });
  expect([cold('calls'), cold('errors'), cold('throttled')]).toEqual([3, 2, 2]);
  expect((await on.get(key, '?tier=cold')).body).toMatchObject({ value: 'kept', tier: 'cold' });
});

test('lasting throttling is refused for what is cold, and touches nothing else', async () => {
  const [cold, copied, warm] = [on.fresh(), on.fresh(), on.fresh()];
  await on.put(cold, { value: 'cold', tier: 'cold', write_through: false });
  await on.put(copied, { value: 'copied', tier: 'cold' });
  await on.put(warm, { value: 'warm' });
  blobs.strike({ status: 503 });
  const { status, headers, body } = await on.put(on.fresh(), { value: 1, tier: 'cold' });
  expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'tier_unavailable', '5']);
  expect(blobs.hits()).toBe(3);
  expect((await on.get(cold)).status).toBe(503);
  expect((await on.get(copied)).body).toMatchObject({ value: 'copied', tier: 'hot' });
  expect((await on.get(warm)).body.value).toBe('warm');
  const { cold: figures } = await on.stats();
  expect(figures.connections.state).toBe('failing');
  expect(figures.last_5_minutes.throttled).toBeGreaterThanOrEqual(6);
  expect(await on.line('item', ({ code }) => code === 'tier_unavailable')).toMatchObject({ op: 'put', asked: 'cold' });
  blobs.clear();
  expect((await on.get(cold)).body).toMatchObject({ value: 'cold', tier: 'cold' });
  expect((await on.stats()).cold.connections.state).toBe('ready');
});
