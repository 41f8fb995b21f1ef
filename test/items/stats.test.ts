import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Json } from '../support/api.ts';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());
beforeEach(() => stack.cosmos.faults.clear());

const put = (key: string, body: object) => stack.api().request('PUT', `/items/${key}`, { body });
const stats = async (): Promise<Json> => (await stack.api().get('/tiers/stats')).body;
/** What a piece of work changed in the figures since the start. */
async function change(work: () => Promise<unknown>) {
  const { tiers: before } = await stats();
  await work();
  const { tiers: after } = await stats();
  const of = (tier: string) => (name: string) => after[tier][name] - before[tier][name];
  return { hot: of('hot'), warm: of('warm'), cold: of('cold') };
}

const FIGURES = ['hits', 'misses', 'hit_rate', 'calls', 'p50_ms', 'p95_ms', 'p99_ms', 'errors', 'throttled'];

test('the figures are those of one instance, per tier, since the start and for five minutes', async () => {
  const key = randomUUID();
  await put(key, { value: 1 });
  await stack.api().get(`/items/${key}`);
  const body = await stats();
  expect(Object.keys(body).toSorted()).toEqual(['instance_id', 'scope', 'tiers']);
  expect(body.scope).toBe('instance');
  expect(Object.keys(body.tiers)).toEqual(['hot', 'warm', 'cold']);
  for (const tier of Object.values<Json>(body.tiers)) {
    expect(Object.keys(tier)).toEqual([...FIGURES, 'connections', 'last_5_minutes']);
    expect(Object.keys(tier.last_5_minutes)).toEqual(FIGURES);
    expect(Object.keys(tier.connections)).toEqual(['state', 'open', 'busy', 'waiting', 'limit', 'breaker']);
  }
  const { hot, warm } = body.tiers;
  expect(hot.p50_ms).toBeGreaterThan(0);
  expect(warm.p99_ms).toBeGreaterThanOrEqual(warm.p50_ms);
  expect(hot.connections).toMatchObject({ state: 'ready', open: 1, breaker: 'closed' });
  expect(warm.connections).toMatchObject({ state: 'ready', breaker: 'closed' });
});

test('a read is a hit where its content was and a miss above; a write is neither', async () => {
  const [warm, cold, none] = [randomUUID(), randomUUID(), randomUUID()];
  const written = await change(async () => {
    await put(warm, { value: 1, write_through: false });
    await put(cold, { value: 2, tier: 'cold', write_through: false });
  });
  for (const tier of [written.hot, written.warm, written.cold]) expect([tier('hits'), tier('misses')]).toEqual([0, 0]);
  expect(written.cold('calls')).toBe(1);
  const read = async (key: string) => {
    const { hot, warm, cold } = await change(() => stack.api().get(`/items/${key}`));
    return [hot, warm, cold].map((tier) => `${tier('hits')}/${tier('misses')}`);
  };
  expect(await read(warm)).toEqual(['0/1', '1/0', '0/0']);
  expect(await read(warm)).toEqual(['1/0', '0/0', '0/0']);
  expect(await read(cold)).toEqual(['0/1', '0/1', '1/0']);
  expect(await read(none)).toEqual(['0/1', '0/1', '0/0']);
  const { hot } = await change(() => stack.api().post('/items/mget', { keys: [warm, cold, none] }));
  expect([hot('hits'), hot('misses'), hot('calls')]).toEqual([2, 1, 1]);
});

test('what sessions do counts as calls, and is no look for an item', async () => {
  const who = { user_id: randomUUID(), session_id: randomUUID() };
  const { hot, warm } = await change(() => stack.api().post('/memory/store', { ...who, user_message: 'one', agent_message: 'two' }));
  expect(hot('calls')).toBeGreaterThan(0);
  expect(warm('calls')).toBeGreaterThan(0);
  expect(hot('hits') + hot('misses') + warm('hits') + warm('misses')).toBe(0);
});

test('throttling shows as errors that were throttled, although the caller got what he wanted', async () => {
  const key = randomUUID();
  stack.cosmos.faults.add({ match: ({ container }) => container === 'items', times: 2, action: { status: 429, retryAfterMs: 10 } });
  const { warm } = await change(async () => expect((await put(key, { value: 1 })).status).toBe(200));
  expect([warm('errors'), warm('throttled')]).toEqual([2, 2]);
});
