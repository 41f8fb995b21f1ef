import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInstances } from '../support/instances.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { say } from '../support/talk.ts';
import { waitFor } from '../support/wait.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ apps: 2, settings: { BREAKER_RESET_SECONDS: '1', COSMOS_REQUEST_TIMEOUT_MS: '5000' } });
});
afterAll(() => stack.stop());

const fresh = () => ({ user_id: `u-${randomUUID()}`, session_id: `s-${randomUUID()}` });
const turn = (text: string) => ({ user_message: text, agent_message: 'ok', turn_id: `t-${text}` });
type Turns = { user_message: string }[];

test('while Cosmos is down a hot session goes on: stores wait in Blob, reads say degraded, and everything arrives once and in order', async () => {
  const who = fresh();
  await stack.api().post('/memory/store', { ...who, ...turn('one') });
  await stack.api().post('/memory/context', who);
  const outage = stack.cosmos.faults.add({ action: { status: 503 } });

  for (const [i, text] of ['two', 'three', 'four'].entries()) {
    const { status, body } = await stack.api(i % 2).post('/memory/store', { ...who, ...turn(text) });
    expect([status, body.durability, body.seq, body.degraded], text).toEqual([200, 'queued', null, ['cosmos']]);
    expect(body.turn_id).toBe(`t-${text}`);
  }
  const again = await stack.api(1).post('/memory/store', { ...who, ...turn('three') });
  expect(again.body.durability, 'a retry is harmless').toBe('queued');
  const during = await stack.api(1).post('/memory/context', who);
  expect(during.body.active_context.map((t: Turns[number]) => t.user_message)).toEqual(['one']);
  expect(during.body.degraded).toEqual(['cosmos']);

  const stranger = await stack.api().post('/memory/store', { ...fresh(), ...turn('lost') });
  expect([stranger.status, stranger.body.code]).toEqual([503, 'tier_unavailable']);
  expect(stranger.headers.get('retry-after')).toMatch(/^\d+$/);

  outage.remove();
  const turns = async () => {
    const { body } = await stack.api().post('/memory/context', who);
    return body.active_context.length === 4 ? (body.active_context as Turns) : undefined;
  };
  const arrived = await waitFor(turns, { what: 'the waiting stores to arrive', timeoutMs: 60_000 });
  expect(arrived.map((t) => t.user_message)).toEqual(['one', 'two', 'three', 'four']);
  const direct = async () => {
    const { body } = await stack.api(1).post('/memory/store', { ...who, ...turn('five') });
    return body.durability === 'stored' ? body : undefined;
  };
  const after = await waitFor(direct, { what: 'the session to wait no more', timeoutMs: 30_000 });
  expect(after.seq).toBe(10);
}, 90_000);

test('a connection cut after the commit stores the turn once', async () => {
  const who = fresh();
  await stack.api().post('/memory/store', { ...who, ...turn('one') });
  const cut = stack.cosmos.faults.add({ match: ({ kind }) => kind === 'batch', times: 1, action: { drop: 'after' } });
  const { body } = await stack.api().post('/memory/store', { ...who, ...turn('two') });
  expect(cut.hits).toBe(1);
  expect(body).toMatchObject({ status: 'success', turn_id: 't-two', duplicate: false });
  const context = async () => (await stack.api(1).post('/memory/context', who)).body.active_context as Turns;
  expect((await context()).map((t) => t.user_message)).toEqual(['one', 'two']);
});

test('with Blob Storage down too nothing is acknowledged', async () => {
  const world = await startInstances({ blobs: 'down' });
  try {
    const who = world.fresh();
    await say(world.instance(), who, 'one');
    world.cosmos.faults.add({ action: { status: 503 } });
    await expect(say(world.instance(), who, 'two')).rejects.toMatchObject({ code: 'tier_unavailable' });
  } finally {
    await world.stop();
  }
});

test('an acknowledged store whose ids turn out to be taken is kept under ids of its own', async () => {
  const who = fresh();
  await stack.api().post('/memory/store', { ...who, ...turn('same') });
  await stack.api().post('/memory/context', who);
  const outage = stack.cosmos.faults.add({ match: ({ partition }) => partition?.includes(who.user_id) ?? false, action: { status: 503 } });
  const { body } = await stack.api().post('/memory/store', { ...who, ...turn('same'), user_message: 'something else' });
  expect(body.durability).toBe('queued');
  outage.remove();
  const said = async () => {
    const context = await stack.api().post('/memory/context', who);
    const turns = context.body.active_context as Turns;
    return turns.length === 2 ? turns.map((t) => t.user_message) : undefined;
  };
  expect(await waitFor(said, { what: 'the waiting store to arrive', timeoutMs: 60_000 })).toEqual(['same', 'something else']);
}, 90_000);
