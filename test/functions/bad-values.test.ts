import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';
import { expectProblem } from './problem.ts';
import { refusals } from './refusals.ts';
import { allDocuments } from './stored.ts';
import { send } from './wire.ts';

const ada = { user_id: 'ada', session_id: 'first' };
const turn = { ...ada, user_message: 'I sail every weekend.', agent_message: 'Where do you sail?' };
const message = { role: 'user', content: 'I sail every weekend.' };
const LONG = 'x'.repeat(32_769);

let stack: Stack;
let refused: ReturnType<typeof refusals>;
beforeAll(async () => {
  stack = await startStack();
  refused = refusals(stack);
  await stack.api().post('/memory/store', { ...turn, turn_id: 'the-turn' });
  await waitFor(async () => (await stack.redis.keys()).some((key) => key.includes('|ix|')), { what: 'the recency entry of the session' });
});
afterAll(() => stack.stop());

const url = (path: string) => `${stack.api().url}/api${path}`;
const get = (path: string) => send(url(path), { method: 'GET' });
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  send(url(path), { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });

/** The path of each field that was found wrong. */
type Wrong = [path: string, value: Record<string, unknown>, wrong: string[]];

describe('POST /memory/store', () => {
  test.each<Wrong>([
    ['no session_id', { ...turn, session_id: undefined }, ['session_id']],
    ['no messages at all', ada, ['user_message', 'agent_message']],
    ['half an exchange', { ...ada, user_message: 'Hello' }, ['agent_message']],
    ['both forms', { ...turn, messages: [message] }, ['messages']],
    ['an empty text', { ...turn, agent_message: '' }, ['agent_message']],
    ['a text above 32,768 characters', { ...turn, user_message: LONG }, ['user_message']],
    ['a text that is a number', { ...turn, user_message: 7 }, ['user_message']],
    ['messages that are no list', { ...ada, messages: message }, ['messages']],
    ['no message', { ...ada, messages: [] }, ['messages']],
    ['91 messages', { ...ada, messages: Array(91).fill(message) }, ['messages']],
    ['an unknown role', { ...ada, messages: [{ ...message, role: 'robot' }] }, ['messages.0.role']],
    ['a message without content', { ...ada, messages: [message, { role: 'user' }] }, ['messages.1.content']],
    ['a content of parts', { ...ada, messages: [{ role: 'user', content: [{ type: 'text' }] }] }, ['messages.0.content']],
    ['an empty name', { ...ada, messages: [{ ...message, name: '' }] }, ['messages.0.name']],
    ['a metadata text', { ...turn, metadata: 'note' }, ['metadata']],
    ['a metadata list', { ...turn, metadata: [] }, ['metadata']],
    ['month 13', { ...turn, created_at: '2024-13-01T10:00:00Z' }, ['created_at']],
    ['30 February', { ...turn, created_at: '2024-02-30T10:00:00Z' }, ['created_at']],
    ['hour 25', { ...turn, created_at: '2024-01-01T25:00:00Z' }, ['created_at']],
    ['a time in words', { ...turn, created_at: '2024-01-01 (about noon)' }, ['created_at']],
    ['a time before 1970', { ...turn, created_at: -1 }, ['created_at']],
    ['a time after 9999', { ...turn, created_at: 1e15 }, ['created_at']],
    ['an empty time', { ...turn, created_at: '' }, ['created_at']],
    ['a time of another type', { ...ada, messages: [{ ...message, timestamp: {} }] }, ['messages.0.timestamp']],
  ])('refuses %s', async (_what, body, wrong) => {
    const { body: problem } = await refused('invalid_body', () => post('/memory/store', body));
    expect(problem.errors.map(({ path }: { path: string }) => path)).toEqual(wrong);
    expect(problem.detail).toContain(wrong[0]);
  });

  test.each<Wrong>([
    ['turn_id', { ...turn, turn_id: 'a b' }, ['turn_id']],
    ['context_id', { ...turn, context_id: 'ctx\u0007' }, ['context_id']],
    ['message_id', { ...ada, messages: [message, { ...message, message_id: '..' }] }, ['messages.1.message_id']],
  ])('refuses a %s outside the alphabet', async (_what, body, wrong) => {
    const { body: problem } = await refused('invalid_id', () => post('/memory/store', body));
    expect(problem.errors.map(({ path }: { path: string }) => path)).toEqual(wrong);
  });

  test.each(['two words', '\u00e9', 'x'.repeat(256)])('refuses the Idempotency-Key %j', async (key) => {
    await refused('invalid_id', () => post('/memory/store', turn, { 'idempotency-key': key }));
  });

  test('names every field that is wrong', async () => {
    const body = { session_id: 7, user_message: '', agent_message: LONG, created_at: 'soon' };
    const { body: problem } = await refused('invalid_body', () => post('/memory/store', body));
    const paths = problem.errors.map(({ path }: { path: string }) => path);
    expect(paths.sort()).toEqual(['agent_message', 'created_at', 'session_id', 'user_message']);
  });

  test('does not repeat what was sent', async () => {
    const body = { ...turn, user_message: `canary ${LONG}`, metadata: 'canary' };
    const { text } = await refused('invalid_body', () => post('/memory/store', body));
    expect(text).not.toContain('canary');
  });

  test('keeps control characters of a text, which are no fault', async () => {
    const user_message = 'a\tb\r\nc\u0007\u001b[0m \u{1f642} \u202e';
    await post('/memory/store', { ...turn, session_id: 'odd', user_message });
    const { body } = await post('/memory/context', { ...ada, session_id: 'odd' });
    expect(body.messages[0].content).toBe(user_message);
  });
});

describe('the other bodies', () => {
  test.each<{ path: string; what: string; body: Record<string, unknown>; field: string }>([
    { path: '/sessions/start', what: 'restore as a text', body: { ...ada, restore: 'yes' }, field: 'restore' },
    { path: '/sessions/end', what: 'no session_id', body: { user_id: 'ada' }, field: 'session_id' },
    { path: '/sessions/end', what: 'a negative wait', body: { ...ada, wait_ms: -1 }, field: 'wait_ms' },
    { path: '/sessions/end', what: 'a wait above 30 s', body: { ...ada, wait_ms: 30_001 }, field: 'wait_ms' },
    { path: '/memory/context', what: 'no session_id', body: { user_id: 'ada' }, field: 'session_id' },
    { path: '/memory/context', what: 'no tokens', body: { ...ada, max_tokens: 0 }, field: 'max_tokens' },
    { path: '/memory/context', what: 'half a token', body: { ...ada, max_tokens: 0.5 }, field: 'max_tokens' },
    { path: '/memory/context', what: 'tokens without end', body: { ...ada, max_tokens: 1e9 }, field: 'max_tokens' },
    { path: '/memory/context', what: 'tokens as a text', body: { ...ada, max_tokens: '8000' }, field: 'max_tokens' },
    { path: '/memory/context', what: 'an empty query', body: { ...ada, query: '' }, field: 'query' },
    { path: '/memory/context', what: 'a long query', body: { ...ada, query: LONG }, field: 'query' },
    { path: '/memory/context', what: 'a negative seq', body: { ...ada, at_least_seq: -1 }, field: 'at_least_seq' },
    { path: '/memory/context', what: 'explain as a number', body: { ...ada, explain: 1 }, field: 'explain' },
    { path: '/memory/retrieve', what: 'no query', body: ada, field: 'query' },
    { path: '/memory/retrieve', what: 'neither user nor session', body: { query: 'sailing' }, field: 'user_id' },
    { path: '/memory/retrieve', what: 'no result', body: { ...ada, query: 'x', top_k: 0 }, field: 'top_k' },
    { path: '/memory/retrieve', what: '101 results', body: { ...ada, query: 'x', top_k: 101 }, field: 'top_k' },
    { path: '/memory/retrieve', what: 'no kind', body: { ...ada, query: 'x', kinds: [] }, field: 'kinds' },
    { path: '/memory/retrieve', what: 'an unknown kind', body: { ...ada, query: 'x', kinds: ['fact', 'dream'] }, field: 'kinds.1' },
    { path: '/memory/retrieve', what: 'a day that is none', body: { ...ada, query: 'x', from: '2023-02-29' }, field: 'from' },
    { path: '/insights', what: 'recent_only as a text', body: { user_id: 'ada', recent_only: 'true' }, field: 'recent_only' },
    { path: '/summaries', what: 'limit 0', body: { user_id: 'ada', limit: 0 }, field: 'limit' },
    { path: '/summaries', what: 'limit 101', body: { user_id: 'ada', limit: 101 }, field: 'limit' },
  ])('POST $path refuses $what', async ({ path, body, field }) => {
    const { body: problem } = await refused('invalid_body', () => post(path, body));
    expect(problem.errors).toEqual([{ path: field, message: expect.any(String) }]);
  });

  test.each(['/sessions/start', '/memory/retrieve'])('POST %s refuses a bad session_id', async (path) => {
    await refused('invalid_id', () => post(path, { ...ada, query: 'x', session_id: 'a/b' }));
  });
});

describe('paths and queries', () => {
  test.each(['a%20b', '%07', '%00', '..%00', 'a%7Cb', '%C3%BC', `${'x'.repeat(129)}`])('refuse the user %s', async (id) => {
    await refused('invalid_id', () => get(`/users/${id}/sessions`));
  });

  test.each(['status=gone', 'limit=0', 'limit=101', 'limit=five', 'limit=', 'limit=1&limit=2', 'limit=1e1'])(
    'refuse ?%s',
    async (query) => {
      const { body } = await refused('invalid_query', () => get(`/users/ada/sessions?${query}`));
      expect(body.errors[0].path).toBe(query.split('=')[0]);
    },
  );

  test.each(['', 'nothing-of-ours', '%F0%9F%92%A9', 'x'.repeat(5000), Buffer.from('a\nb: c').toString('base64url')])(
    'refuse the cursor %j',
    async (cursor) => {
      await refused('invalid_query', () => get(`/users/ada/sessions?cursor=${cursor}`));
    },
  );

  test('refuse a cursor that only Cosmos DB can tell from a real one', async () => {
    const cursor = Buffer.from('{"made":"up"}').toString('base64url');
    expectProblem(await get(`/users/ada/sessions?cursor=${cursor}`), 'invalid_query');
  });

  test.each(['nonsense', '20260101-short', '20260101-aaaaaaaaaaaaaaaaaaaaa%00'])('refuse the job %s', async (id) => {
    await refused('invalid_id', () => get(`/jobs/${id}`));
    await refused('invalid_id', () => send(url(`/jobs/${id}/redrive`)));
  });

  test('refuse a wait above 30 s', async () => {
    await refused('invalid_query', () => get('/jobs/20260101-aaaaaaaaaaaaaaaaaaaaaa?wait_ms=30001'));
  });
});

describe('what is not there, or is not yours', () => {
  const UNKNOWN_JOB = '20260101-aaaaaaaaaaaaaaaaaaaaaa';
  const eve = { ...ada, user_id: 'eve' };
  const nobody = { session_id: 'first' };
  const exchange = { user_message: 'Hello', agent_message: 'Hi' };

  test.each([
    ['ends an unknown session', '/sessions/end', { ...ada, session_id: 'unknown' }],
    ['reads an unknown session', '/memory/context', { ...ada, session_id: 'unknown' }],
    ['reads an unknown anonymous session', '/memory/context', { session_id: 'unknown' }],
    ["starts another user's session", '/sessions/start', eve],
    ["ends another user's session", '/sessions/end', eve],
    ["stores to another user's session", '/memory/store', { ...eve, ...exchange }],
    ["reads another user's session", '/memory/context', eve],
    ["starts a user's session as nobody", '/sessions/start', nobody],
    ["ends a user's session as nobody", '/sessions/end', nobody],
    ["stores to a user's session as nobody", '/memory/store', { ...nobody, ...exchange }],
    ["reads a user's session as nobody", '/memory/context', nobody],
  ])('%s: 404, and nothing is stored', async (_what, path, body) => {
    const before = await allDocuments(stack.cosmos);
    expectProblem(await post(path, body), 'session_not_found');
    expect(await allDocuments(stack.cosmos)).toBe(before);
  });

  test('a session of a user is never told from one that is not there', async () => {
    const [theirs, unknown] = await Promise.all([
      post('/memory/context', { user_id: 'eve', session_id: 'first' }),
      post('/memory/context', { user_id: 'eve', session_id: 'never' }),
    ]);
    expect(theirs.body.detail.replace('first', 'never')).toBe(unknown.body.detail);
  });

  test.each([
    {
      what: 'an id used with another body',
      code: 'idempotency_mismatch',
      path: '/memory/store',
      body: { ...turn, turn_id: 'the-turn', user_message: 'Other' },
    },
    { what: 'a seq that is not there yet', code: 'seq_not_reached', path: '/memory/context', body: { ...ada, at_least_seq: 1000 } },
  ] as const)('$what: 409, and nothing is stored', async ({ code, path, body }) => {
    const before = await allDocuments(stack.cosmos);
    expectProblem(await post(path, body), code);
    expect(await allDocuments(stack.cosmos)).toBe(before);
  });

  test('an unknown job is a 404', async () => {
    expectProblem(await get(`/jobs/${UNKNOWN_JOB}`), 'job_not_found');
    expectProblem(await send(url(`/jobs/${UNKNOWN_JOB}/redrive`)), 'job_not_found');
  });

  test('a store that grows too large on the way to Cosmos DB opens no session', async () => {
    // A million bytes of 1e20 are four million once they are written out.
    const metadata = { numbers: Array(200_000).fill(0) };
    const body = JSON.stringify({ ...turn, session_id: 'too-large', metadata }).replaceAll('0,', '1e20,');
    const before = await allDocuments(stack.cosmos);
    const answer = await send(url('/memory/store'), { headers: { 'content-type': 'application/json' }, body });
    expectProblem(answer, 'body_too_large');
    expect(await allDocuments(stack.cosmos)).toBe(before);
  });

  test('a job that did not fail cannot be run again', async () => {
    const { body } = await post('/sessions/end', { ...ada, wait_ms: 20_000 });
    expect(body.summary_generated).toBe(true);
    expectProblem(await send(url(`/jobs/${body.job_id}/redrive`)), 'job_not_failed');
  });
});
