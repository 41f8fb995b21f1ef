import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
}, 120_000);
afterAll(() => stack.stop());

const api = () => stack.api();
const fresh = () => `s-${randomUUID()}`;
const post = (session: string, message: object) => api().post(`/sessions/${session}/messages`, message);

test('messages posted one by one are counted, listed in order and paged by seq', async () => {
  const session = fresh();
  for (let n = 1; n <= 5; n++) {
    const { status, body } = await post(session, { role: n % 2 ? 'user' : 'assistant', content: `text ${n}`, name: 'Ada' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ success: true, seq: n, message_count: n, summary_triggered: false, duplicate: false });
    expect(body.total_tokens).toBeGreaterThanOrEqual(n * 2);
  }
  const all = await api().get(`/sessions/${session}/messages`);
  expect(all.status).toBe(200);
  expect(all.body).toMatchObject({ count: 5, next_before: null });
  expect(all.body.messages[0]).toMatchObject({ seq: 1, role: 'user', content: 'text 1', name: 'Ada', tokens: expect.any(Number) });
  expect(all.body.messages[0].timestamp).toMatch(/^\d{4}-.*Z$/);

  const last = await api().get(`/sessions/${session}/messages?limit=2`);
  expect(last.body.messages.map((m: { seq: number }) => m.seq)).toEqual([4, 5]);
  expect(last.body.next_before).toBe(4);
  const before = await api().get(`/sessions/${session}/messages?limit=2&before=${last.body.next_before}`);
  expect(before.body.messages.map((m: { seq: number }) => m.seq)).toEqual([2, 3]);
  expect((await api().get(`/sessions/${session}/messages/count`)).body).toEqual({ count: 5 });
});

test('a message posted here is a turn of document 0, and a store there is a message here', async () => {
  const who = { user_id: `u-${randomUUID()}`, session_id: fresh() };
  await post(who.session_id, { role: 'user', content: 'I live in Berlin.', user_id: who.user_id });
  await post(who.session_id, { role: 'agent', content: 'Noted.' });
  await api().post('/memory/store', { ...who, user_message: 'And now?', agent_message: 'Now this.' });
  const context = await api().post('/memory/context', who);
  expect(
    context.body.active_context.map((t: { user_message: string; agent_message: string }) => [t.user_message, t.agent_message]),
  ).toEqual([
    ['I live in Berlin.', 'Noted.'],
    ['And now?', 'Now this.'],
  ]);
  const { body } = await api().get(`/sessions/${who.session_id}/messages`);
  expect(body.messages.map((m: { role: string; content: string }) => `${m.role}: ${m.content}`)).toEqual([
    'user: I live in Berlin.',
    'assistant: Noted.',
    'user: And now?',
    'assistant: Now this.',
  ]);
});

test("a message id of one's own, also in the metadata, stores it once; its time and metadata come back", async () => {
  const session = fresh();
  const message = { role: 'user', content: 'hello', timestamp: 1_700_000_000, metadata: { message_id: 'm-1', channel: 'sms' } };
  const first = await post(session, message);
  const again = await post(session, message);
  expect(first.body).toMatchObject({ message_id: 'm-1', seq: 1, duplicate: false });
  expect(again.status).toBe(201);
  expect(again.body).toMatchObject({ message_id: 'm-1', seq: 1, duplicate: true, turn_id: first.body.turn_id });
  const { body } = await api().get(`/sessions/${session}/messages`);
  expect(body.messages).toEqual([
    expect.objectContaining({ message_id: 'm-1', timestamp: '2023-11-14T22:13:20.000Z', metadata: { message_id: 'm-1', channel: 'sms' } }),
  ]);
  expect(await post(session, { ...message, content: 'other' })).toMatchObject({ status: 409, body: { code: 'idempotency_mismatch' } });
});

test('any role is stored as it was sent, with a name and any metadata', async () => {
  const session = fresh();
  const metadata = { channel: 'sms', tags: [], nested: { price: 9007199254740991 }, none: null };
  for (const role of ['system', 'user', 'tool', 'assistant']) await post(session, { role, content: `as ${role}`, name: 'Zoë', metadata });
  const { body } = await api().get(`/sessions/${session}/messages`);
  const expected = ['system', 'user', 'tool', 'assistant'].map((role) => ({ role, content: `as ${role}`, name: 'Zoë', metadata }));
  expect(body.messages).toMatchObject(expected);
});

test.each([
  [{ role: 'robot', content: 'x' }, 'role'],
  [{ role: 'user', content: '' }, 'content'],
  [{ role: 'user' }, 'content'],
  [{ role: 'user', content: 'x', metadata: { message_id: 'a b' } }, 'metadata.message_id'],
  [{ role: 'user', content: 'x', timestamp: 'yesterday' }, 'timestamp'],
])('%j is refused and names the field', async (message, path) => {
  const session = fresh();
  const { status, body } = await post(session, message);
  expect(status).toBe(400);
  expect(body.errors.map((e: { path: string }) => e.path)).toContain(path);
  expect((await api().get(`/sessions/${session}/messages`)).status).toBe(404);
});

test.each(['limit=0', 'limit=1001', 'before=0', 'limit=x', 'epoch=old'])('?%s is refused', async (query) => {
  expect(await api().get(`/sessions/${fresh()}/messages?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid_query' } });
});

test('the session of a user is found without naming the user, and naming another one finds nothing', async () => {
  const who = { user_id: `u-${randomUUID()}`, session_id: fresh() };
  await post(who.session_id, { role: 'user', content: 'hello', user_id: who.user_id });
  for (const path of ['', '/messages', '/messages/count', '/context', '/config', '/stats', '/summaries', '/state']) {
    const at = `/sessions/${who.session_id}${path}`;
    expect((await api().get(at)).status, at).toBe(200);
    expect((await api().get(`${at}?user_id=${who.user_id}`)).status, at).toBe(200);
    expect(await api().get(`${at}?user_id=somebody-else`), at).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect((await api().get(`/sessions/${fresh()}${path}`)).status, path).toBe(404);
  }
  expect((await api().get(`/sessions/${who.session_id}`)).body).toMatchObject({ ...who, status: 'open', message_count: 1, turn_count: 1 });
});

test('after a start with restore:false messages and counts are of the new epoch, and all with epoch=all', async () => {
  const who = { user_id: `u-${randomUUID()}`, session_id: fresh() };
  await api().post('/memory/store', { ...who, user_message: 'one', agent_message: 'two' });
  await api().post('/sessions/start', { ...who, restore: false });
  await api().post('/memory/store', { ...who, user_message: 'three', agent_message: 'four' });
  const texts = async (query: string) =>
    (await api().get(`/sessions/${who.session_id}/messages${query}`)).body.messages.map((m: { content: string }) => m.content);
  expect(await texts('')).toEqual(['three', 'four']);
  expect(await texts('?epoch=all')).toEqual(['one', 'two', 'three', 'four']);
  expect(await texts('?epoch=all&limit=2&before=4')).toEqual(['two', 'three']);
  expect((await api().get(`/sessions/${who.session_id}/messages/count`)).body).toEqual({ count: 2 });
  expect((await api().get(`/sessions/${who.session_id}/messages/count?epoch=all`)).body).toEqual({ count: 4 });
});

test('a long session is summarised by itself; all messages stay listed, and a page of the oldest is read', {
  timeout: 90_000,
}, async () => {
  const session = fresh();
  let said = 0;
  let triggered = false;
  // On a machine so busy that a doorbell got lost, the next ones of a session that goes on ring again.
  const look = async () => (await api().get(`/sessions/${session}/context`)).body;
  await waitFor(
    async () => {
      const { body: stored } = await post(session, { role: 'user', content: `remark ${++said}` });
      triggered ||= stored.summary_triggered;
      return (await look()).current_summary !== '';
    },
    { what: 'the summary', timeoutMs: 60_000 },
  );
  expect(triggered).toBe(true);
  const settled = async () => {
    const context = await look();
    return !context.buffer_info.over_limit && context;
  };
  const context = await waitFor(settled, { what: 'the buffer to be within its limits', timeoutMs: 20_000 });
  expect(context.buffer_info).toMatchObject({ max_buffer_tokens: 4000, max_buffer_messages: 30 });
  expect(context.message_count).toBe(context.buffer_messages.length);
  const { body } = await api().get(`/sessions/${session}/messages`);
  expect(body.count).toBe(said);
  const page = await api().get(`/sessions/${session}/messages?limit=3&before=4`);
  expect(page.body.messages.map((m: { content: string }) => m.content)).toEqual(['remark 1', 'remark 2', 'remark 3']);
  const { body: history } = await api().get(`/sessions/${session}/summaries?limit=100`);
  const chunk = history.summaries.findLast((s: { level: string }) => s.level === 'chunk');
  expect(chunk).toMatchObject({ from_seq: 1, tokens: expect.any(Number) });
});
