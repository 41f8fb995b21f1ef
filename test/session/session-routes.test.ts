import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

let stack: Stack;
let withoutRedis: Stack;
beforeAll(async () => {
  [stack, withoutRedis] = await Promise.all([startStack(), startStack({ redis: false })]);
}, 120_000);
afterAll(() => Promise.all([stack.stop(), withoutRedis.stop()]));

const session = (api = stack.api()) => {
  const id = `s-${randomUUID()}`;
  const at = (path: string) => `/sessions/${id}${path}`;
  return {
    id,
    get: (path: string) => api.get(at(path)),
    post: (path: string, body: unknown, headers?: Record<string, string>) => api.post(at(path), body, { headers }),
    put: (path: string, body: unknown, headers?: Record<string, string>) => api.request('PUT', at(path), { body, headers }),
    remove: (path: string) => api.request('DELETE', at(path)),
    say: (content: string, role = 'user') => api.post(at('/messages'), { role, content }),
  };
};

test("document 3's calls in their order", async () => {
  const s = session();
  await s.say('I want to buy a laptop');
  const context = await s.get('/context');
  expect(context.body).toEqual({
    buffer_messages: [expect.objectContaining({ role: 'user', content: 'I want to buy a laptop', seq: 1 })],
    current_summary: '',
    buffer_info: {
      message_count: 1,
      token_count: context.body.total_tokens,
      ttl_remaining_seconds: expect.any(Number),
      max_buffer_tokens: 4000,
      max_buffer_messages: 30,
      should_trigger_summary: false,
      over_limit: false,
    },
    total_tokens: expect.any(Number),
    message_count: 1,
    token_method: 'estimate',
  });
  expect(context.body.buffer_info.ttl_remaining_seconds).toBeGreaterThan(1700);

  expect((await s.put('/state', { current_state: 'search' })).body).toMatchObject({ success: true });
  expect((await s.get('/context')).body.state).toEqual({ current_state: 'search' });

  const config = await s.put('/config', { summary_trigger_tokens: 2500, max_buffer_tokens: 3500 });
  expect(config.body).toMatchObject({ summary_trigger_tokens: 2500, max_buffer_tokens: 3500, max_buffer_messages: 30 });

  const { body: stats } = await s.get('/stats');
  expect(stats).toMatchObject({
    session_id: s.id,
    user_id: null,
    status: 'open',
    buffer: { message_count: 1, max_buffer_tokens: 3500 },
    summary: { summary_count: 0, generated: 0, merged: 0 },
    redis: { available: true, breaker: 'closed', used_memory: expect.any(Number), scope: 'instance' },
    config: { summary_trigger_tokens: 2500 },
    watermark: { last_seq: 1, summarized_through: 0 },
  });
  expect((await s.remove('/memory')).body).toEqual({ success: true });
  for (const path of ['', '/context', '/messages', '/state', '/stats', '/config']) expect((await s.get(path)).status, path).toBe(404);
});

test('a config is created with its session; a wrong one is refused and changes nothing', async () => {
  const s = session();
  expect((await s.get('/config')).status).toBe(404);
  const first = await s.put('/config', { max_buffer_messages: 10, unknown: 1 });
  expect(first).toMatchObject({ status: 200, body: { max_buffer_messages: 10, summary_trigger_tokens: 3000, max_buffer_tokens: 4000 } });
  expect(first.headers.get('etag')).toMatch(/^".+"$/);
  for (const wrong of [
    { summary_trigger_tokens: 5000 },
    { max_buffer_tokens: 0 },
    { max_buffer_messages: 1.5 },
    { max_buffer_tokens: '9' },
  ]) {
    expect(await s.put('/config', wrong), JSON.stringify(wrong)).toMatchObject({ status: 400, body: { code: 'invalid_body' } });
  }
  expect((await s.get('/config')).body).toEqual(first.body);
  expect((await s.get('')).body).toMatchObject({ session_id: s.id, message_count: 0, config: { max_buffer_messages: 10 } });
  const second = await s.put('/config', { max_buffer_messages: 11 }, { 'if-match': first.headers.get('etag')! });
  expect(second.status).toBe(200);
  expect(await s.put('/config', {}, { 'if-match': first.headers.get('etag')! })).toMatchObject({
    status: 412,
    body: { code: 'precondition_failed' },
  });
});

test.each([
  ['an object', { a: [1, { b: null }], ü: '€' }],
  ['a list', [1, 2, []]],
  ['a text', 'hello'],
  ['a number', 1.5],
  ['null', null],
  ['false', false],
])('a state may be %s and comes back as it was sent', async (_what, value) => {
  const s = session();
  await s.say('hello');
  const empty = await s.get('/state');
  expect(empty).toMatchObject({ status: 200, body: null });
  const put = await s.put('/state', JSON.stringify(value), { 'content-type': 'application/json', 'if-none-match': '*' });
  expect(put.status).toBe(200);
  const got = await s.get('/state');
  expect(got.body).toEqual(value);
  expect(got.headers.get('etag')).toBe(put.headers.get('etag'));
});

test('a state is bounded, is changed only as expected, and outlives Redis', async () => {
  const s = session();
  expect((await s.put('/state', { a: 1 })).status).toBe(404);
  await s.say('hello');
  const large = JSON.stringify('x'.repeat(65_535));
  expect(await s.put('/state', large, { 'content-type': 'application/json' })).toMatchObject({
    status: 413,
    body: { code: 'body_too_large' },
  });
  const first = await s.put('/state', { step: 1 });
  await s.put('/state', { step: 2 }, { 'if-match': first.headers.get('etag')! });
  expect(await s.put('/state', { step: 3 }, { 'if-match': first.headers.get('etag')! })).toMatchObject({ status: 412 });
  expect(await s.put('/state', { step: 3 }, { 'if-none-match': '*' })).toMatchObject({ status: 412 });
  await stack.redis.flush();
  expect((await s.get('/state')).body).toEqual({ step: 2 });
  expect((await s.get('/context')).body.state).toEqual({ step: 2 });
});

test('summaries by hand over HTTP: 201, listed newest first, 409 outside of what may be covered', async () => {
  const s = session();
  for (const text of ['one', 'two', 'three', 'four']) await s.say(text);
  const made = await s.post('/summaries', { summary: 'Counting began.', to_seq: 2, metadata: { by: 'hand' } });
  expect(made).toMatchObject({ status: 201, body: { success: true, from_seq: 1, to_seq: 2, metadata: { by: 'hand' } } });
  await s.post('/summaries', { summary: 'It is about numbers.' });
  const { body } = await s.get('/summaries?limit=1');
  expect(body).toMatchObject({
    count: 1,
    summaries: [{ summary: expect.any(String), tokens: expect.any(Number), timestamp: expect.any(String) }],
  });
  expect((await s.get('/summaries')).body.count).toBe(2);
  const context = await s.get('/context');
  expect(context.body.current_summary).toBe('Counting began.\nIt is about numbers.');
  expect(context.body.buffer_messages.map((m: { content: string }) => m.content)).toEqual(['three', 'four']);
  for (const to_seq of [1, 5])
    expect(await s.post('/summaries', { summary: 'x', to_seq })).toMatchObject({ status: 409, body: { code: 'summary_conflict' } });
  const key = { 'idempotency-key': randomUUID() };
  const once = await s.post('/summaries', { summary: 'Once.' }, key);
  expect((await s.post('/summaries', { summary: 'Once.' }, key)).body).toEqual({ ...once.body, duplicate: true });
  await s.remove('/summaries');
  expect((await s.get('/context')).body).toMatchObject({ current_summary: '', message_count: 2 });
  await s.remove('/buffer');
  expect((await s.get('/context')).body).toMatchObject({ buffer_messages: [], message_count: 0 });
  expect((await s.get('/messages')).body.count).toBe(4);
});

test('POST /tokens/count counts a text, or messages with what has to go', async () => {
  const text = await stack.api().post('/tokens/count', { text: 'Hello, world! <|endoftext|>' });
  expect(text).toMatchObject({ status: 200, body: { total_tokens: 11, method: 'o200k_base' } });
  const messages = ['one two three', 'four five six', 'seven'].map((content) => ({ role: 'user', content }));
  const { body } = await stack.api().post('/tokens/count', { messages, threshold: 15, max_tokens: 12 });
  expect(body).toEqual({
    total_tokens: 19,
    counts: [7, 7, 5],
    should_trigger_summary: true,
    overflow_messages: [messages[0]],
    method: 'o200k_base',
  });
  expect((await stack.api().post('/tokens/count', { messages })).body).toMatchObject({
    should_trigger_summary: false,
    overflow_messages: [],
  });
  for (const wrong of [{}, { text: 'a', messages }, { messages: [{ role: 'user' }] }, { text: 1 }]) {
    expect((await stack.api().post('/tokens/count', wrong)).status, JSON.stringify(wrong)).toBe(400);
  }
});

test('without Redis everything but fields goes on, from Cosmos DB, and says so', async () => {
  const s = session(withoutRedis.api());
  const said = await s.say('hello');
  expect(said).toMatchObject({ status: 201, body: { seq: 1, degraded: ['redis'] } });
  expect((await s.get('/messages')).body).toMatchObject({ count: 1, degraded: ['redis'] });
  expect((await s.get('/context')).body).toMatchObject({
    message_count: 1,
    buffer_info: { ttl_remaining_seconds: 0 },
    degraded: ['redis'],
  });
  await s.put('/state', { a: 1 });
  expect((await s.get('/state')).body).toEqual({ a: 1 });
  expect((await s.get('/stats')).body.redis).toMatchObject({ available: false, used_memory: null });
  const opened = await waitFor(async () => (await s.get('/stats')).body.redis.breaker === 'open', { what: 'the breaker to open' });
  expect(opened).toBe(true);
});
