import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

let trusting: Stack;
let checking: Stack;
beforeAll(async () => {
  [trusting, checking] = await Promise.all([startStack(), startStack({ settings: { VERIFY_WITHIN_SECONDS: '0' } })]);
});
afterAll(() => Promise.all([trusting.stop(), checking.stop()]));

/** A session with two turns whose copy is in Redis, and with nothing under way any more. */
async function hotSession(stack: Stack) {
  const who = { user_id: `u-${randomUUID()}`, session_id: `s-${randomUUID()}` };
  await stack.api().post('/sessions/start', who);
  await stack.api().post('/memory/store', { ...who, user_message: 'one', agent_message: 'two' });
  await stack.api().post('/memory/context', who);
  await settled(stack);
  return who;
}

/** Waits until the un-awaited notes (recency, verified) of earlier requests have arrived, then counts from zero. */
async function settled(stack: Stack): Promise<void> {
  await waitFor(() => stack.redis.calls.count('ZADD') > 0, { what: 'the recency of the session' });
  const count = () => stack.redis.calls.all.length;
  let before = -1;
  await waitFor(
    () => {
      const same = before === count();
      before = count();
      return same;
    },
    { what: 'Redis to be quiet' },
  );
  stack.redis.calls.reset();
  stack.cosmos.calls.reset();
}

/** Holds the answer to the next command a moment: what else is sent by then was sent without waiting for it, in one round trip. */
const slowAnswer = () => trusting.redis.faults.add({ times: 1, action: { delayMs: 100 } });

test('a hot context read is one Redis round trip and no Cosmos call', async () => {
  const who = await hotSession(trusting);
  slowAnswer();
  const { body } = await trusting.api().post('/memory/context', who);
  expect(body.active_context).toHaveLength(1);
  expect(trusting.redis.calls.roundTrips).toBe(1);
  expect(trusting.redis.calls.all.map((c) => c.name)).toEqual(['HGETALL', 'LRANGE', 'HGETALL']);
  expect(trusting.cosmos.calls.all).toEqual([]);
});

test('a copy that is due for a check costs exactly one Cosmos request: head and user record, read in one batch', async () => {
  const who = await hotSession(checking);
  const { body } = await checking.api().post('/memory/context', who);
  expect(body.active_context).toHaveLength(1);
  expect(checking.cosmos.calls.all).toHaveLength(1);
  expect(checking.cosmos.calls.all[0]).toMatchObject({ kind: 'batch', operations: 2, container: 'memory' });
  expect(checking.redis.calls.all.slice(0, 3).map((c) => c.name)).toEqual(['HGETALL', 'LRANGE', 'HGETALL']);
});

test('a hot store is two Redis round trips and one Cosmos batch, the recency note apart', async () => {
  const who = await hotSession(trusting);
  await trusting.api().post('/memory/store', { ...who, user_message: 'three', agent_message: 'four' });
  await waitFor(() => trusting.redis.calls.count('ZADD') > 0, { what: 'the recency note' });
  const noted = trusting.redis.calls.all.filter((c) => c.name === 'ZADD' || c.name === 'EXPIRE');
  expect(trusting.redis.calls.all.length - noted.length).toBe(2);
  expect(trusting.redis.calls.all.slice(0, 2).map((c) => c.name)).toEqual(['EVALSHA', 'EVALSHA']);
  expect(trusting.cosmos.calls.all.map((c) => c.kind)).toEqual(['batch']);
});

test('a first store is followed by a hot read: nothing is rebuilt', async () => {
  const who = { user_id: `u-${randomUUID()}`, session_id: `s-${randomUUID()}` };
  await trusting.api().post('/memory/store', { ...who, user_message: 'one', agent_message: 'two' });
  await trusting.api().post('/memory/context', who);
  trusting.cosmos.calls.reset();
  await trusting.api().post('/memory/context', who);
  expect(trusting.cosmos.calls.all).toEqual([]);
});
