import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMIT } from '../../src/lib/tiers/hot-scripts.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { onStandIn } from '../support/test-redis.ts';

// Buffers large enough that every turn of these tests stays verbatim in the context.
const UNSUMMARISED = { K_TURN_BUFFER: '100', MAX_BUFFER_MESSAGES: '1000', MAX_BUFFER_TOKENS: '100000', SUMMARY_TRIGGER_TOKENS: '100000' };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ apps: 3, settings: UNSUMMARISED });
});
afterAll(() => stack.stop());

const fresh = () => ({ user_id: `u-${randomUUID()}`, session_id: `s-${randomUUID()}` });
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

describe.each([
  ['one app process', () => 0],
  ['three app processes', (i: number) => i % 3],
])('through %s', (_name, appOf) => {
  test('50 parallel stores to one session are 50 turns with contiguous seq', async () => {
    const who = fresh();
    const answers = await Promise.all(
      times(50, (i) => stack.api(appOf(i)).post('/memory/store', { ...who, user_message: `question ${i}`, agent_message: `answer ${i}` })),
    );
    expect(answers.map((a) => a.status)).toEqual(times(50, () => 200));
    expect(answers.map((a) => a.body.seq).sort((a, b) => a - b)).toEqual(times(50, (i) => 2 * (i + 1)));

    for (const app of [0, 1, 2]) {
      const { body } = await stack.api(app).post('/memory/context', { ...who, max_tokens: 100_000 });
      expect(new Set(body.active_context.map((t: { user_message: string }) => t.user_message))).toEqual(
        new Set(times(50, (i) => `question ${i}`)),
      );
      expect(body.active_context).toHaveLength(50);
      expect(body.watermark.last_seq).toBe(100);
    }
  });

  test('the same request 20 times in parallel is one turn and 20 equal answers', async () => {
    const request = { ...fresh(), turn_id: `t-${randomUUID()}`, user_message: 'once', agent_message: 'only' };
    const answers = await Promise.all(times(20, (i) => stack.api(appOf(i)).post('/memory/store', request)));
    expect(answers.map((a) => a.status)).toEqual(times(20, () => 200));
    const first = answers.filter((a) => !a.body.duplicate);
    expect(first).toHaveLength(1);
    const { duplicate: _d, watermark: _w, ...same } = first[0]!.body;
    for (const { body } of answers) expect(body).toMatchObject(same);
    const { body } = await stack.api(appOf(1)).post('/memory/context', request);
    expect(body.active_context).toHaveLength(1);
  });
});

test('the same turn_id with another body is refused and stores nothing', async () => {
  const request = { ...fresh(), turn_id: 'turn-1', user_message: 'one', agent_message: 'two' };
  await stack.api().post('/memory/store', request);
  const { status, body } = await stack.api(1).post('/memory/store', { ...request, user_message: 'other' });
  expect([status, body.code]).toEqual([409, 'idempotency_mismatch']);
  expect((await stack.api().post('/memory/context', request)).body.active_context).toHaveLength(1);
});

test('message_id and Idempotency-Key are recognised too', async () => {
  const who = fresh();
  const messages = [{ message_id: 'm-1', role: 'user', content: 'hello' }];
  const first = await stack.api().post('/memory/store', { ...who, messages });
  const again = await stack.api(1).post('/memory/store', { ...who, messages });
  expect(again.body).toMatchObject({ seq: first.body.seq, message_ids: ['m-1'], turn_ids: first.body.turn_ids, duplicate: true });

  const headers = { 'idempotency-key': randomUUID() };
  const exchange = { ...who, user_message: 'a', agent_message: 'b' };
  const one = await stack.api().post('/memory/store', exchange, { headers });
  const two = await stack.api(2).post('/memory/store', exchange, { headers });
  expect(two.body).toMatchObject({ seq: one.body.seq, message_ids: one.body.message_ids, duplicate: true });
  const other = await stack.api(2).post('/memory/store', { ...exchange, agent_message: 'c' }, { headers });
  expect(other.status).toBe(409);
});

onStandIn(
  'an app process killed between the Cosmos commit and the Redis commit loses nothing: every other process has the turn',
  async () => {
    const who = fresh();
    await stack.api(0).post('/memory/store', { ...who, user_message: 'first', agent_message: 'ok' });
    const held = stack.redis.faults.add({
      match: (call) => call.script === COMMIT && call.args.some((arg) => arg.includes(who.session_id)),
      times: 1,
      action: { hang: 'before' },
    });
    const cut = stack
      .api(0)
      .post('/memory/store', { ...who, user_message: 'second', agent_message: 'ok' })
      .catch(() => 'no answer');
    await held.reached;
    await stack.apps[0]?.kill();
    held.release();
    expect(await cut).toBe('no answer');
    for (const app of [1, 2]) {
      const { body } = await stack.api(app).post('/memory/context', who);
      expect(body.active_context.map((t: { user_message: string }) => t.user_message)).toEqual(['first', 'second']);
    }
    await stack.restartApp(0);
    const { body } = await stack.api(0).post('/memory/store', { ...who, user_message: 'third', agent_message: 'ok' });
    expect(body.seq).toBe(6);
  },
);
