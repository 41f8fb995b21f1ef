import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { itemTag } from '../../src/lib/tiers/keys.ts';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** A hundred items with copies in Redis, and how many tags they have. */
async function hundred() {
  const keys = Array.from({ length: 100 }, () => `k-${randomUUID()}`);
  const items = Object.fromEntries(keys.map((key) => [key, key]));
  const { body } = await stack.api().post('/items/mset', { items });
  expect(Object.values(body.results).every((result) => (result as { status: string }).status === 'success')).toBe(true);
  stack.redis.calls.reset();
  stack.cosmos.calls.reset();
  return { keys, items, tags: new Set(keys.map((key) => itemTag({ tenant: 'default', user_id: null, key }))).size };
}

test('mget of a hundred hot keys is one MGET a tag, all of them sent before the first is answered, and nothing else', async () => {
  const { keys, items, tags } = await hundred();
  const held = stack.redis.faults.add({ times: 1, action: { hang: 'before' } });
  const asked = stack.api().post('/items/mget', { keys });
  await held.reached;
  await expect.poll(() => stack.redis.calls.all.length, { timeout: 10_000 }).toBe(tags); // although none of them was answered
  held.release();
  expect((await asked).body).toEqual({ missing: [], items });
  expect(stack.redis.calls.all.map(({ name }) => name)).toEqual(Array(tags).fill('MGET'));
  const sentKeys = stack.redis.calls.all.flatMap(({ args }) => args);
  expect(sentKeys).toHaveLength(100);
  expect(stack.cosmos.calls.all).toEqual([]);
});

test('a hot get is one GET', async () => {
  const { keys } = await hundred();
  expect((await stack.api().get(`/items/${keys[0]}`)).body.value).toBe(keys[0]);
  expect(stack.redis.calls.all.map(({ name }) => name)).toEqual(['GET']);
  expect(stack.cosmos.calls.all).toEqual([]);
});
