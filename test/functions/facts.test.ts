import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { issueKey } from './issue-key.ts';
import { expectProblem } from './problem.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { LOG_LEVEL: 'error' } });
});
afterAll(() => stack.stop());

const fresh = () => `u-${crypto.randomUUID()}`;
const api = () => stack.api();
const problem = ({ headers, ...answer }: { status: number; headers: Headers; body: unknown }, code: Parameters<typeof expectProblem>[1]) =>
  expectProblem({ ...answer, headers: Object.fromEntries(headers) } as never, code);
const add = async (user: string, body: object, headers = {}) => {
  const answer = await api().post(`/users/${user}/facts`, body, { headers });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};
const list = async (user: string, query = '') => (await api().get(`/users/${user}/facts${query}`)).body;
const texts = async (user: string, query = '') => (await list(user, query)).facts.map((fact: { text: string }) => fact.text);
/** Stores messages and waits until they are reflected on. */
async function said(user: string, session_id: string, messages: object[]) {
  await api().post('/memory/store', { user_id: user, session_id, messages });
  const { body } = await api().post('/sessions/end', { user_id: user, session_id, wait_ms: 30_000 });
  expect(body.status).toBe('success');
}

describe('facts', () => {
  test('are added, listed with filters, and read with their history and messages', async () => {
    const user = fresh();
    await said(user, `${user}-s`, [{ role: 'user', content: 'I prefer window seats.', message_id: 'm-1', created_at: '2025-03-01' }]);
    const added = await add(user, {
      text: 'User owns a red bicycle.',
      kind: 'event',
      topics: ['Cycling'],
      sources: [{ session_id: `${user}-s`, message_ids: ['m-1'] }],
    });
    expect(added).toMatchObject({
      user_id: user,
      text: 'User owns a red bicycle.',
      kind: 'event',
      topics: ['Cycling'],
      pinned: false,
      status: 'current',
      origin: 'user',
      valid_from: '2025-03-01T00:00:00.000Z',
      valid_to: null,
      superseded_by: null,
      sources: [{ session_id: `${user}-s`, message_ids: ['m-1'], seqs: [1] }],
      duplicate: false,
    });
    expect(await texts(user)).toHaveLength(2);
    expect(await texts(user, '?topic=cycling')).toEqual(['User owns a red bicycle.']);
    expect(await texts(user, `?session_id=${user}-s`)).toHaveLength(2);
    expect(await texts(user, '?session_id=other')).toEqual([]);
    expect(await texts(user, '?from=2025-03-02')).toEqual([]);
    expect(await texts(user, '?to=2025-03-02')).toHaveLength(2);
    const first = await list(user, '?limit=1');
    expect(first).toMatchObject({ count: 1, next_cursor: expect.any(String) });
    const second = await list(user, `?limit=1&cursor=${first.next_cursor}`);
    expect(second.facts[0].id).not.toBe(first.facts[0].id);

    const { body, headers, status } = await api().get(`/users/${user}/facts/${added.id}`);
    expect(status).toBe(200);
    expect(headers.get('etag')).toMatch(/^".+"$/);
    const message = { session_id: `${user}-s`, message_id: 'm-1', seq: 1, role: 'user', content: 'I prefer window seats.' };
    expect(body.messages).toEqual([{ ...message, timestamp: '2025-03-01T00:00:00.000Z' }]);
    expect(body.history).toEqual([
      { version: 1, text: added.text, kind: 'event', topics: ['Cycling'], pinned: false, from: added.valid_from, to: null },
    ]);
  });

  test('are edited in versions, and believed then what they said then', async () => {
    const user = fresh();
    const { id } = await add(user, { text: 'User lives in Lisbon.' });
    const path = `/users/${user}/facts/${id}`;
    const { headers } = await api().get(path);
    const before = new Date().toISOString();
    const edited = await api().request('PATCH', path, {
      body: { text: 'User lives in Porto.' },
      headers: { 'if-match': headers.get('etag')! },
    });
    expect(edited).toMatchObject({ status: 200, body: { id, text: 'User lives in Porto.', version: 2 } });
    expect(edited.headers.get('etag')).not.toBe(headers.get('etag'));
    problem(
      await api().request('PATCH', path, { body: { pinned: true }, headers: { 'if-match': headers.get('etag')! } }),
      'precondition_failed',
    );
    const { history } = (await api().get(path)).body;
    expect(history).toMatchObject([
      { version: 1, text: 'User lives in Lisbon.', to: expect.any(String) },
      { version: 2, text: 'User lives in Porto.', from: history[0].to, to: null },
    ]);
    expect(await texts(user, `?as_of=${before}`)).toEqual(['User lives in Lisbon.']);
    expect(await texts(user, `?as_of=${new Date().toISOString()}`)).toEqual(['User lives in Porto.']);
    expect(await texts(user, '?as_of=2020-01-01')).toEqual([]);
  });

  test('that contradict each other close each other, and as_of says what was believed', async () => {
    const user = fresh();
    await said(user, `${user}-a`, [{ role: 'user', content: 'I live in Berlin.', created_at: '2025-01-01' }]);
    await said(user, `${user}-b`, [{ role: 'user', content: 'I live in Lisbon.', created_at: '2025-02-01' }]);
    expect(await texts(user)).toEqual([expect.stringMatching(/Lisbon/)]);
    expect(await texts(user, '?status=closed')).toEqual([expect.stringMatching(/Berlin/)]);
    expect(await texts(user, '?as_of=2025-01-15')).toEqual([expect.stringMatching(/Berlin/)]);
    const added = await add(user, { text: 'I live in Porto.' });
    expect(await texts(user)).toEqual(['I live in Porto.']);
    const closed = (await list(user, '?status=closed')).facts.find((fact: { text: string }) => /Lisbon/.test(fact.text));
    expect(closed.superseded_by).toBe(added.id);
  });

  test('that are pinned come first in every context, and no conversation closes them', async () => {
    const user = fresh();
    await add(user, { text: 'User lives in Lisbon.', pinned: true });
    const context = async () => (await api().post('/sessions/start', { user_id: user })).body.formatted_context;
    expect(await context()).toMatch(/^### Long-term Context\n- User lives in Lisbon\./);
    await said(user, `${user}-a`, [{ role: 'user', content: 'I live in Porto.' }]);
    expect(await texts(user)).toEqual(['User lives in Lisbon.']);
    const { facts } = await list(user, '?status=quarantined');
    expect(facts).toMatchObject([{ text: expect.stringMatching(/Porto/), quarantine: 'contradicts_pinned' }]);
    const approved = await api().post(`/users/${user}/facts/${facts[0].id}/approve`);
    expect(approved).toMatchObject({ status: 200, body: { status: 'current', text: facts[0].text, origin: 'reflection' } });
    expect(await texts(user)).toEqual([facts[0].text]);
  });

  test('are added once by an Idempotency-Key', async () => {
    const user = fresh();
    const key = { 'idempotency-key': 'once' };
    const one = await add(user, { text: 'User has a cat.' }, key);
    expect(await add(user, { text: 'User has a cat.' }, key)).toEqual({ ...one, duplicate: true });
    problem(await api().post(`/users/${user}/facts`, { text: 'User has a dog.' }, { headers: key }), 'idempotency_mismatch');
    expect(await texts(user)).toEqual(['User has a cat.']);
    expect(await add(user, { text: 'The user has a cat', pinned: true })).toMatchObject({ id: one.id, pinned: true });
  });

  test('that read like secrets wait until they are approved or rejected', async () => {
    const user = fresh();
    const card = await add(user, { text: 'My card number is 4111 1111 1111 1111.' });
    expect(card).toMatchObject({ status: 'quarantined', quarantine: 'secret' });
    const password = await add(user, { text: 'The wifi password is Tr0ub4dor&3', pinned: true });
    expect(await texts(user)).toEqual([]);
    expect((await api().post('/sessions/start', { user_id: user })).body.formatted_context).toBe('');
    const { body } = await api().post('/memory/retrieve', { user_id: user, query: 'wifi password card number' });
    expect(body.results).toEqual([]);
    expect((await api().post(`/users/${user}/facts/${password.id}/approve`)).body).toMatchObject({ status: 'current', pinned: true });
    expect((await api().post(`/users/${user}/facts/${card.id}/reject`)).body).toMatchObject({ success: true, count: 1 });
    expect(await texts(user, '?status=all')).toEqual([password.text]);
    problem(await api().post(`/users/${user}/facts/${password.id}/reject`), 'fact_not_quarantined');
    problem(await api().post(`/users/${user}/facts/${card.id}/approve`), 'fact_not_found');
  });
});

describe('forgetting', () => {
  test('by id, ids, topic, session, age and query; a dry run changes nothing', async () => {
    const user = fresh();
    await said(user, `${user}-old`, [{ role: 'user', content: 'I own a red bicycle.', created_at: '2024-01-01' }]);
    const [one, two] = [await add(user, { text: 'User plays chess.', topics: ['Games'] }), await add(user, { text: 'User has a cat.' })];
    const forget = async (body: object) => (await api().post(`/users/${user}/forget`, body)).body;
    expect(await forget({ before: '2025-01-01', dry_run: true })).toMatchObject({
      dry_run: true,
      count: 1,
      facts: [{ text: expect.stringMatching(/bicycle/) }],
    });
    expect(await texts(user)).toHaveLength(3);
    expect(await forget({ session_id: `${user}-old`, dry_run: true })).toMatchObject({ count: 1 });
    expect(await forget({ topic: 'games' })).toMatchObject({ dry_run: false, count: 1, facts: [{ id: one.id }] });
    expect(await forget({ query: 'dog', dry_run: true })).toEqual({ dry_run: true, count: 0, facts: [] });
    expect(await forget({ fact_ids: [two.id, 'no-such'] })).toMatchObject({ count: 1, facts: [{ id: two.id }] });
    const [left] = (await list(user)).facts;
    const { etag } = Object.fromEntries((await api().get(`/users/${user}/facts/${left.id}`)).headers);
    problem(
      await api().request('DELETE', `/users/${user}/facts/${left.id}`, { headers: { 'if-match': '"other"' } }),
      'precondition_failed',
    );
    const gone = await api().request('DELETE', `/users/${user}/facts/${left.id}`, { headers: { 'if-match': etag! } });
    expect(gone).toMatchObject({ status: 200, body: { success: true, count: 1 } });
    problem(await api().request('DELETE', `/users/${user}/facts/${left.id}`), 'fact_not_found');
    expect(await list(user, '?status=all')).toEqual({ facts: [], count: 0, next_cursor: null });
    const { messages } = (await api().get(`/sessions/${user}-old/messages`)).body;
    expect(messages[0].content).toBe('I own a red bicycle.');
  });

  test('refuses what names nothing or too much', async () => {
    const user = fresh();
    const bad = [{}, { query: 'a', topic: 'b' }, { fact_ids: [] }, { query: '' }, { before: 'soon' }, { dry_run: 'yes', query: 'a' }];
    for (const body of bad) problem(await api().post(`/users/${user}/forget`, body), 'invalid_body');
    for (const body of [
      {},
      { text: ' ' },
      { text: 'x'.repeat(2001) },
      { text: 'a', kind: 'rumour' },
      { text: 'a', sources: [{ session_id: 's' }] },
    ])
      problem(await api().post(`/users/${user}/facts`, body), 'invalid_body');
    for (const query of ['?status=gone', '?limit=0', '?as_of=then', '?cursor=none'])
      problem(await api().get(`/users/${user}/facts${query}`), 'invalid_query');
    problem(await api().request('PATCH', `/users/${user}/facts/none`, { body: {} }), 'invalid_body');
    problem(await api().request('PATCH', `/users/${user}/facts/none`, { body: { pinned: true } }), 'fact_not_found');
    problem(await api().get(`/users/${user}/facts/none`), 'fact_not_found');
    problem(await api().request('DELETE', `/users/${user}/facts/none`), 'fact_not_found');
    problem(await api().post(`/users/${user}/facts`, { text: 'a', sources: [{ session_id: 'none', seqs: [1] }] }), 'session_not_found');
    await said(user, `${user}-s`, [{ role: 'user', content: 'Hello.' }]);
    problem(await api().post(`/users/${user}/facts`, { text: 'a', sources: [{ session_id: `${user}-s`, seqs: [9] }] }), 'invalid_body');
    expect(await api().post(`/users/${user}/forget`, { query: 'anything' })).toMatchObject({ status: 200, body: { count: 0 } });
  });
});

test('a key bound to one user reaches its own facts only', async () => {
  const keyed = await startStack({ settings: { AUTH_MODE: 'keys', LOG_LEVEL: 'error' } });
  try {
    const key = await issueKey(keyed.cosmos, { tenant: 'default', user_id: 'ada' });
    const headers = { 'x-api-key': key };
    const own = await keyed.api().post('/users/ada/facts', { text: 'User has a cat.' }, { headers });
    expect(own.status).toBe(201);
    const asked = [
      ['GET', '/users/bob/facts'],
      ['POST', '/users/bob/facts', { text: 'User has a cat.' }],
      ['GET', `/users/bob/facts/${own.body.id}`],
      ['PATCH', `/users/bob/facts/${own.body.id}`, { pinned: true }],
      ['DELETE', `/users/bob/facts/${own.body.id}`],
      ['POST', `/users/bob/facts/${own.body.id}/approve`],
      ['POST', `/users/bob/facts/${own.body.id}/reject`],
      ['POST', '/users/bob/forget', { query: 'cat' }],
    ] as const;
    for (const [method, path, body] of asked) problem(await keyed.api().request(method, path, { body, headers }), 'scope_mismatch');
  } finally {
    await keyed.stop();
  }
});
