import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rehearsal, rehearse } from './rehearsal.ts';

let on: Rehearsal;
beforeAll(async () => {
  on = await rehearse();
});
afterAll(() => on.stop());

const WRITES = new Set(['SET', 'EVAL', 'EVALSHA', 'HSET', 'RPUSH', 'ZADD']);
const OOM = "OOM command not allowed when used memory > 'maxmemory'.";

test('a Redis that refuses writes: durable writes go on, the log and the figures say why, and the breaker opens', async () => {
  const known = on.fresh();
  await on.put(known, { value: 'known' });
  const fault = on.stack.redis.faults.add({ match: ({ name }) => WRITES.has(name), action: { error: OOM } });
  const hot = await on.change('hot', async () => {
    const { status, body } = await on.put(on.fresh(), { value: 1 });
    expect([status, body.durability, body.degraded]).toEqual([200, 'stored', ['redis']]);
  });
  expect(hot('errors')).toBeGreaterThan(0);
  expect(await on.line('redis_failed')).toMatchObject({ level: 'warn', reason: expect.stringMatching(/^OOM command not allowed/) });
  expect((await on.put(on.fresh(), { value: 1, tier: 'hot' })).body).toMatchObject({ status: 503, code: 'tier_unavailable' });

  const breakerAfterOneMore = async () => {
    await on.put(on.fresh(), { value: 1 });
    return (await on.stats()).hot.connections.breaker;
  };
  await expect.poll(breakerAfterOneMore).toBe('open');
  expect((await on.get(known)).body).toMatchObject({ value: 'known', tier: 'warm', degraded: ['redis'] });
  const kept = await on.change('hot', () => on.get(known));
  expect(kept('calls')).toBe(0); // Redis is left alone

  fault.remove();
  expect((await on.api.post('/breaker/reset', { tier: 'redis' })).body.breakers.redis).toBe('closed');
  expect((await on.put(on.fresh(), { value: 1, tier: 'hot' })).body).toMatchObject({ durability: 'cache' });
  expect((await on.get(known)).body.value).toBe('known');
});

test('a Redis that evicts: hits become misses, durable items are still there, cache entries are gone', async () => {
  const [durable, cached] = [on.fresh(), on.fresh()];
  await on.put(durable, { value: 'durable' });
  await on.put(cached, { value: 'cached', tier: 'hot' });
  const before = await on.change('hot', () => on.get(durable));
  expect([before('hits'), before('misses')]).toEqual([1, 0]);
  await on.stack.redis.flush();
  const after = await on.change('hot', async () => {
    expect((await on.get(durable)).body).toMatchObject({ value: 'durable', tier: 'warm', promoted_to: ['hot'] });
    expect((await on.get(cached)).body).toMatchObject({ code: 'item_not_found' });
  });
  expect([after('hits'), after('misses'), after('errors')]).toEqual([0, 2, 0]);
});
