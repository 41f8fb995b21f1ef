import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const user = () => `user-${randomUUID()}`;

test('document 0: start, store, context of length 1, end; the next session opens knowing the user', async () => {
  const api = stack.api();
  const user_id = user();
  const started = await api.post('/sessions/start', { user_id });
  expect(started.status).toBe(200);
  const { session_id } = started.body;
  expect(session_id).toEqual(expect.any(String));
  expect(started.body).toMatchObject({ active_context: [], restored: false, formatted_context: '' });

  const said = { user_id, session_id, user_message: 'Hello, I am a vegetarian and I live in Berlin.', agent_message: 'Hi there!' };
  const stored = await api.post('/memory/store', said);
  expect(stored.body).toMatchObject({
    status: 'success',
    message: 'Turn stored successfully',
    seq: 2,
    duplicate: false,
    durability: 'stored',
  });

  const context = await api.post('/memory/context', { user_id, session_id, at_least_seq: stored.body.seq });
  expect(context.body.active_context).toHaveLength(1);
  expect(context.body.active_context[0]).toMatchObject({
    turn_id: stored.body.turn_id,
    user_message: said.user_message,
    agent_message: 'Hi there!',
  });
  expect(context.body.formatted_context).toBe(`### Recent Conversation\nUSER: ${said.user_message}\nASSISTANT: Hi there!`);

  const ended = await api.post('/sessions/end', { user_id, session_id, wait_ms: 10_000 });
  expect(ended.body).toMatchObject({ status: 'success', summary_generated: true, turns_count: 1 });
  const twice = await api.post('/sessions/end', { user_id, session_id });
  expect(twice.body.job_id).toBe(ended.body.job_id);

  const next = await api.post('/sessions/start', { user_id });
  expect(next.body.session_id).not.toBe(session_id);
  expect(next.body.formatted_context).toContain('### Long-term Context');
  expect(next.body.formatted_context).toContain(`- Session ${session_id}: `);
  expect(next.body.insights.join(' ')).toMatch(/vegetarian/);
  expect(next.body.insights.join(' ')).toMatch(/Berlin/);
  expect(next.body.session_summaries).toHaveLength(1);
});

test('an ended session comes back with its turns, and stays ended until the next store', async () => {
  const api = stack.api();
  const who = { user_id: user(), session_id: `s-${randomUUID()}` };
  await api.post('/memory/store', { ...who, user_message: 'one', agent_message: 'two' });
  await api.post('/sessions/end', who);
  const restored = await api.post('/sessions/start', who);
  expect(restored.body).toMatchObject({ restored: true, session_id: who.session_id });
  expect(restored.body.active_context).toHaveLength(1);
  const list = async () => (await api.get(`/users/${who.user_id}/sessions`)).body.sessions;
  expect(await list()).toMatchObject([{ session_id: who.session_id, status: 'ended', message_count: 2, turn_count: 1 }]);
  await api.post('/memory/store', { ...who, user_message: 'three', agent_message: 'four' });
  expect(await list()).toMatchObject([{ status: 'open', ended_at: null, message_count: 4, turn_count: 2 }]);
});

test('restore:false starts over: counts and contexts are of the new epoch, seq goes on, the old turns are still found', async () => {
  const api = stack.api();
  const who = { user_id: user(), session_id: `s-${randomUUID()}` };
  await api.post('/memory/store', { ...who, user_message: 'My parrot is called Kiwi.', agent_message: 'Nice.' });
  const over = await api.post('/sessions/start', { ...who, restore: false });
  expect(over.body).toMatchObject({ active_context: [], restored: false });
  const stored = await api.post('/memory/store', { ...who, user_message: 'new', agent_message: 'start' });
  expect(stored.body.seq).toBe(4);
  expect((await api.post('/memory/context', who)).body.active_context.map((t: { user_message: string }) => t.user_message)).toEqual([
    'new',
  ]);
  expect((await api.get(`/users/${who.user_id}/sessions`)).body.sessions[0]).toMatchObject({ message_count: 2, turn_count: 1 });
  const found = await api.post('/memory/retrieve', { user_id: who.user_id, query: 'parrot' });
  expect(found.body.facts.join(' ')).toContain('Kiwi');
});

test('a session belongs to the user who first used it: anybody else gets 404 and stores nothing', async () => {
  const api = stack.api();
  const who = { user_id: user(), session_id: `s-${randomUUID()}` };
  await api.post('/memory/store', { ...who, user_message: 'mine', agent_message: 'yes' });
  const other = { ...who, user_id: user() };
  for (const path of ['/memory/context', '/sessions/end', '/sessions/start']) {
    expect((await api.post(path, other)).body, path).toMatchObject({ status: 404, code: 'session_not_found' });
  }
  const stored = await api.post('/memory/store', { ...other, user_message: 'theirs', agent_message: 'no' });
  expect(stored.body.code).toBe('session_not_found');
  expect((await api.post('/memory/context', who)).body.active_context).toHaveLength(1);
});

test('a session without a user is anonymous and stays so', async () => {
  const api = stack.api();
  const session_id = `s-${randomUUID()}`;
  await api.post('/memory/store', { session_id, user_message: 'who am I?', agent_message: 'nobody knows' });
  const context = await api.post('/memory/context', { session_id });
  expect(context.body.active_context).toHaveLength(1);
  expect((await api.post('/memory/context', { session_id, user_id: user() })).status).toBe(404);
  expect((await api.post('/sessions/start', { session_id })).body).toMatchObject({ user_id: null, restored: true });
});

test('at_least_seq beyond the session is 409', async () => {
  const who = { user_id: user(), session_id: `s-${randomUUID()}` };
  await stack.api().post('/memory/store', { ...who, user_message: 'one', agent_message: 'two' });
  expect((await stack.api().post('/memory/context', { ...who, at_least_seq: 3 })).body).toMatchObject({
    status: 409,
    code: 'seq_not_reached',
  });
});

test('every REFLECTION_THRESHOLD_TURNS turns an open session is reflected on by itself', async () => {
  const busy = await startStack({ settings: { REFLECTION_THRESHOLD_TURNS: '3' } });
  try {
    const who = { user_id: user(), session_id: `s-${randomUUID()}` };
    for (const n of [1, 2, 3])
      await busy.api().post('/memory/store', { ...who, user_message: `I have ${n} cats.`, agent_message: 'Noted.' });
    const pending = async () => (await busy.api().post('/memory/context', who)).body.watermark;
    await expect.poll(pending, { timeout: 10_000 }).toMatchObject({ reflected_through: 6, pending_messages: 0 });
  } finally {
    await busy.stop();
  }
});
