import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Rehearsal, rehearse } from './rehearsal.ts';

let on: Rehearsal;
beforeAll(async () => {
  on = await rehearse();
});
afterAll(() => on.stop());
beforeEach(() => on.stack.cosmos.faults.clear());

const throttle = (times?: number) =>
  on.stack.cosmos.faults.add({ match: ({ container }) => container === 'items', times, action: { status: 429, retryAfterMs: 20 } });

test('a little throttling is borne: callers wait, and only the figures tell', async () => {
  const key = on.fresh();
  throttle(2);
  const warm = await on.change('warm', async () => {
    expect((await on.put(key, { value: 1 })).status).toBe(200);
  });
  expect([warm('throttled'), warm('errors')]).toEqual([2, 2]);
  expect((await on.stats()).warm.connections).toMatchObject({ state: 'ready', breaker: 'closed' });
});

test('lasting throttling is refused with Retry-After, the breaker stays closed, and what Redis holds is served', async () => {
  const key = on.fresh();
  await on.put(key, { value: 'held' });
  throttle();
  const { status, headers, body } = await on.put(on.fresh(), { value: 1 });
  expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'tier_unavailable', '5']);
  expect(body.detail).toContain('429');
  expect((await on.get(key)).body).toMatchObject({ value: 'held', tier: 'hot' });
  expect((await on.get(key, '?tier=warm')).status).toBe(503);
  const { warm } = await on.stats();
  expect(warm.last_5_minutes.throttled).toBeGreaterThanOrEqual(8); // two calls, each with its three further tries
  expect(warm.connections).toMatchObject({ state: 'failing', breaker: 'closed' });
  expect(await on.line('item', ({ code }) => code === 'tier_unavailable')).toMatchObject({ op: 'put' });
});

test('the log says which route spends request units, and the usage for whom', async () => {
  const small = await on.change('warm', () => on.put('small', { value: 1 }));
  await on.put('large', { value: 'x'.repeat(100_000) });
  const large = await on.line('request', ({ route, ru }) => route === 'item-put' && ru > 20);
  expect(large).toMatchObject({ route: 'item-put', status: 200, cosmos_calls: expect.any(Number) });
  expect(small('calls')).toBeGreaterThan(0);
  await expect.poll(async () => (await on.api.get('/usage')).body.totals.ru, { timeout: 10_000 }).toBeGreaterThan(20);
});
