import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueKey } from '../functions/issue-key.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

let stack: Stack;
const keys: Record<string, string> = {};
beforeAll(async () => {
  stack = await startStack({ settings: { LOG_LEVEL: 'error', AUTH_MODE: 'keys' } });
  keys.operator = await issueKey(stack.cosmos, { tenant: 'acme', scopes: ['operator'] });
  keys.plain = await issueKey(stack.cosmos, { tenant: 'acme' });
  keys.ada = await issueKey(stack.cosmos, { tenant: 'acme', user_id: 'ada' });
  keys.stranger = await issueKey(stack.cosmos, { tenant: 'other', scopes: ['operator'] });
});
afterAll(() => stack.stop());

const as = (who: string) => ({ headers: { 'x-api-key': keys[who] ?? '' } });
const get = (who: string, path: string) => stack.api().get(`/memory/${path}`, as(who));
const post = (who: string, path: string, body?: object) => stack.api().post(`/memory/${path}`, body, as(who));

interface Given {
  user: string;
  session: string;
  text: string;
  timestamp?: string;
}
/** Hands a conversation in and waits until it is processed. */
async function given(namespace: string, { user, session, text, timestamp }: Given): Promise<string> {
  const body = { session_data: text, session_id: session, metadata: { user_id: user, timestamp } };
  const answer = await post('plain', `${namespace}/store_raw`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const id = answer.body.raw_memory_id;
  const done = async () => {
    const { results } = (await get('plain', `${namespace}/hierarchy?memory_type=raw&session_id=${session}`)).body;
    return results.raw_transcripts.some(
      (raw: { raw_memory_id: string; status: string }) => raw.raw_memory_id === id && raw.status === 'processed',
    );
  };
  await waitFor(done, { what: `${session} processed`, timeoutMs: 25_000 });
  return id;
}
type Entry = { session_id: string; text?: string; user_id?: string };
const sessionsIn = (entries: Entry[]) => entries.map((entry) => entry.session_id);

test('filters: session, type, dates of when it happened, limit of each level; newest first', async () => {
  await given('eva', { user: 'eva', session: 'eva-1', text: 'User: I live in Graz.', timestamp: '2024-01-15T10:30:00Z' });
  await given('eva', { user: 'eva', session: 'eva-2', text: 'User: I play the cello.', timestamp: '2024-03-01T08:00:00Z' });
  await given('eva', { user: 'eva', session: 'eva-3', text: 'User: I am allergic to nuts.', timestamp: '2023-06-01T08:00:00Z' });
  const results = async (query: string) => (await get('plain', `eva/hierarchy?${query}`)).body.results;

  const all = await results('');
  for (const level of [all.discrete_memories, all.session_summaries, all.raw_transcripts])
    expect(sessionsIn(level)).toEqual(['eva-2', 'eva-1', 'eva-3']);
  expect(all).toMatchObject({ total_count: 9, filtered_by: { memory_type: 'all' } });

  const one = await results('session_id=eva-1');
  expect([one.discrete_memories, one.session_summaries, one.raw_transcripts].map(sessionsIn)).toEqual([['eva-1'], ['eva-1'], ['eva-1']]);
  for (const [type, level] of [
    ['discrete', 'discrete_memories'],
    ['summary', 'session_summaries'],
    ['raw', 'raw_transcripts'],
  ] as const) {
    const only = await results(`memory_type=${type}`);
    expect([only.total_count, only[level].length]).toEqual([3, 3]);
  }
  const winter = await results('start_date=2024-01-01&end_date=2024-01-15');
  expect(sessionsIn(winter.raw_transcripts), 'the last day belongs to it').toEqual(['eva-1']);
  expect(sessionsIn(winter.discrete_memories)).toEqual(['eva-1']);
  expect(sessionsIn(winter.session_summaries)).toEqual(['eva-1']);
  expect((await results('start_date=2030-01-01')).total_count).toBe(0);
  const two = await results('limit=2');
  expect([two.discrete_memories.length, two.session_summaries.length, two.raw_transcripts.length]).toEqual([2, 2, 2]);
});

test.each(['limit=0', 'limit=1001', 'limit=x', 'memory_type=facts', 'start_date=soon', 'end_date=2024-02-30', 'session_id=a%20b'])(
  'hierarchy?%s is refused',
  async (query) => {
    expect((await get('plain', `ada/hierarchy?${query}`)).status).toBe(400);
  },
);

test("a namespace that is a user's name shows the sessions of document 0 too", async () => {
  const who = { user_id: 'finn', session_id: 'finn-live' };
  await stack.api().post('/memory/store', { ...who, user_message: 'I live in Cork.', agent_message: 'Lovely.' }, as('plain'));
  await stack.api().post('/sessions/end', { ...who, wait_ms: 10_000 }, as('plain'));
  await given('finn', { user: 'finn', session: 'finn-raw', text: 'User: I play chess.' });
  const { results } = (await get('plain', 'finn/hierarchy')).body;
  expect(sessionsIn(results.session_summaries).toSorted()).toEqual(['finn-live', 'finn-raw']);
  const origins = Object.fromEntries(results.discrete_memories.map((f: Entry & { origin: string }) => [f.session_id, f.origin]));
  expect(origins).toEqual({ 'finn-live': 'reflection', 'finn-raw': 'transcript' });
  const { body } = await get('plain', 'finn/session/finn-live');
  expect(body).toMatchObject({ has_raw_data: false, has_summary: true, raw_transcript: null, raw_transcripts: [], memory_count: 1 });
});

test('a namespace of many users shows what came in under it, to each bound user only the own, to other tenants nothing', async () => {
  await given('desk', { user: 'ada', session: 'ada-desk', text: 'User: I live in Turku.' });
  await given('desk', { user: 'ben', session: 'ben-desk', text: 'User: I live in Bergen.' });
  await given('elsewhere', { user: 'ben', session: 'ben-else', text: 'User: I play golf.' });

  const all = (await get('plain', 'desk/hierarchy')).body.results;
  expect(sessionsIn(all.raw_transcripts).toSorted()).toEqual(['ada-desk', 'ben-desk']);
  expect(sessionsIn(all.session_summaries).toSorted()).toEqual(['ada-desk', 'ben-desk']);
  expect(all.discrete_memories.map((f: Entry) => f.user_id).toSorted()).toEqual(['ada', 'ben']);
  const { hierarchy_stats, basic_stats } = (await get('plain', 'desk/stats')).body;
  expect(hierarchy_stats).toEqual({ discrete_memories: 2, session_summaries: 2, raw_transcripts: 2, total_items: 6 });
  expect(basic_stats).toEqual({ users: 2, sessions: 2 });

  const own = (await get('ada', 'desk/hierarchy')).body.results;
  expect([own.discrete_memories, own.session_summaries, own.raw_transcripts].map(sessionsIn)).toEqual([
    ['ada-desk'],
    ['ada-desk'],
    ['ada-desk'],
  ]);
  expect((await get('ada', 'desk/session/ben-desk')).status).toBe(404);
  expect((await get('ada', 'ben/hierarchy')).body.results.total_count).toBe(0);
  expect((await get('stranger', 'desk/hierarchy')).body.results.total_count).toBe(0);
  expect((await get('stranger', 'desk/session/ada-desk')).status).toBe(404);
  expect((await post('ada', 'desk/store_raw', { session_data: 'User: hi', metadata: { user_id: 'ben' } })).status).toBe(403);
});

test('a session is shown whole, its newest transcript with the text', async () => {
  const text = 'User: I live in Malmö.\nAssistant: Fint!';
  const id = await given('gus', { user: 'gus', session: 'gus-1', text });
  await given('gus', { user: 'gus', session: 'gus-1', text: 'User: a second text for it', timestamp: '2020-01-01' });
  const { body } = await get('plain', 'gus/session/gus-1');
  expect(body).toMatchObject({
    success: true,
    session_id: 'gus-1',
    vectorstore_name: 'gus',
    has_raw_data: true,
    has_summary: true,
    memory_count: 1,
  });
  expect(body.raw_transcript).toMatchObject({ raw_memory_id: id, session_data: text, messages: 2 });
  expect(body.raw_transcripts).toHaveLength(2);
  expect(body.raw_transcripts[1]).toMatchObject({ messages: 0, status: 'processed' });
  expect(body.discrete_memories[0]).toMatchObject({ text: expect.stringContaining('Malmö'), sources: [{ message_ids: [`${id}.1`] }] });
  const missing = await get('plain', 'gus/session/nowhere');
  expect([missing.status, missing.body.code]).toEqual([404, 'session_not_found']);
});

test('cleanup is for operators and for the user of that name, within its bounds', async () => {
  await given('ada', { user: 'ada', session: 'ada-own', text: 'User: I live in Turku.' });
  const cleanup = async (who: string, query = '') => (await post(who, `ada/cleanup?${query}`)).status;
  expect([await cleanup('plain'), await cleanup('operator'), await cleanup('ada')]).toEqual([403, 200, 200]);
  expect((await post('ada', 'ben/cleanup')).status).toBe(403);
  expect([
    await cleanup('ada', 'retention_days=0'),
    await cleanup('ada', 'retention_days=366'),
    await cleanup('ada', 'dry_run=maybe'),
  ]).toEqual([400, 400, 400]);
  const { body } = await post('operator', 'ada/cleanup?retention_days=1&dry_run=true');
  expect(body).toMatchObject({
    success: true,
    vectorstore_name: 'ada',
    retention_days: 1,
    cleanup_result: { raw_transcripts: 0, bytes: 0, dry_run: true, complete: true },
  });
  expect((await get('plain', 'ada/session/ada-own')).body.raw_transcript.session_data).toContain('Turku');
});
