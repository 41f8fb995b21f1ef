import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

/** The statements that document 4 names as examples, as a conversation. */
const TRAVEL = `User: I prefer window seats when I fly.
Assistant: Noted! Window seats it is. Any dietary needs?
User: I'm vegetarian.
Assistant: I'll ask for vegetarian meals.
User: For code reviews: I prefer 4-space indentation.
Assistant: 4 spaces, understood.
User: I dislike crowded places, so please no stopover at rush hour.
Assistant: A quiet connection, then.`;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { LOG_LEVEL: 'error' } });
});
afterAll(() => stack.stop());

const fresh = () => `u-${crypto.randomUUID()}`;
async function handIn(namespace: string, body: object, headers = {}) {
  const answer = await stack.api().post(`/memory/${namespace}/store_raw`, body, { headers });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}
const session = async (namespace: string, id: string) => (await stack.api().get(`/memory/${namespace}/session/${id}`)).body;
const settled = (namespace: string, id: string) =>
  waitFor(
    async () => {
      const { body } = await stack.api().get(`/memory/${namespace}/hierarchy?memory_type=raw&session_id=${id}`);
      return body.results.raw_transcripts[0].status !== 'queued' && (await session(namespace, id));
    },
    { what: `transcript of ${id} processed`, timeoutMs: 60_000 },
  );

test('document 4: a conversation handed in becomes facts, a summary and a transcript that lead to each other', async () => {
  const user = fresh();
  const body = { session_data: TRAVEL, session_id: `${user}-travel`, metadata: { user_id: user, session_type: 'travel_planning' } };
  const begun = Date.now();
  const answer = await handIn(user, body);
  expect(answer).toMatchObject({ success: true, queue_position: expect.any(Number), estimated_processing_time: expect.any(String) });
  expect(Date.parse(answer.queued_at)).toBeGreaterThan(begun - 5000);
  await settled(user, body.session_id);

  const { body: hierarchy } = await stack.api().get(`/memory/${user}/hierarchy?session_id=${body.session_id}&memory_type=all`);
  const { discrete_memories, session_summaries, raw_transcripts, total_count } = hierarchy.results;
  const texts = discrete_memories.map((fact: { text: string }) => fact.text).join('\n');
  for (const known of [/prefers window seats/, /vegetarian/, /4-space indentation/, /dislikes crowded places/])
    expect(texts).toMatch(known);
  expect(session_summaries).toHaveLength(1);
  expect(raw_transcripts).toHaveLength(1);
  expect(total_count).toBe(discrete_memories.length + 2);

  const [raw] = raw_transcripts;
  expect(raw).toMatchObject({
    raw_memory_id: answer.raw_memory_id,
    status: 'processed',
    has_session_data: true,
    session_data_length: TRAVEL.length,
  });
  expect(raw).not.toHaveProperty('session_data');
  const seats = discrete_memories.find((fact: { text: string }) => /window/.test(fact.text));
  expect(seats).toMatchObject({
    origin: 'transcript',
    links: { session_summaries: [body.session_id], raw_transcripts: [raw.raw_memory_id] },
  });
  expect(seats.links.messages).toEqual([`${raw.raw_memory_id}.1`]);
  expect(session_summaries[0].links.raw_transcripts).toEqual([raw.raw_memory_id]);
  expect(session_summaries[0].links.discrete_memories).toContain(seats.id);
  expect(raw.links).toMatchObject({ session_summary: body.session_id, discrete_memories: expect.arrayContaining([seats.id]) });
});

test('the same text twice for a session is one transcript; in another session it is another', async () => {
  const user = fresh();
  const body = { session_data: 'User: I live in Rome.\nAssistant: Ciao.', session_id: `${user}-1` };
  const first = await handIn(user, body);
  await settled(user, body.session_id);
  const second = await handIn(user, body);
  expect(second).toMatchObject({
    raw_memory_id: first.raw_memory_id,
    queued_at: first.queued_at,
    duplicate: true,
    queue_position: 0,
    status: 'processed',
  });
  expect((await handIn(user, { ...body, session_id: `${user}-2` })).raw_memory_id).not.toBe(first.raw_memory_id);
  const { raw_transcripts } = await session(user, body.session_id);
  expect(raw_transcripts).toHaveLength(1);
  const parallel = { session_data: 'User: at once', session_id: `${user}-3` };
  const answers = await Promise.all([1, 2, 3, 4].map(() => handIn(user, parallel)));
  expect(new Set(answers.map((answer) => answer.raw_memory_id)).size).toBe(1);
  expect(answers.filter((answer) => !answer.duplicate)).toHaveLength(1);
});

test('without a session every request is a new one, unless its Idempotency-Key is known', async () => {
  const user = fresh();
  const body = { session_data: 'User: hello there' };
  const [one, two] = [await handIn(user, body), await handIn(user, body)];
  expect(one.session_id).not.toBe(two.session_id);
  const key = { 'idempotency-key': 'once' };
  const [first, again] = [await handIn(user, body, key), await handIn(user, body, key)];
  expect(again).toMatchObject({ raw_memory_id: first.raw_memory_id, session_id: first.session_id, duplicate: true });
  const other = await stack.api().post(`/memory/${user}/store_raw`, { session_data: 'User: other' }, { headers: key });
  expect([other.status, other.body.code]).toEqual([409, 'idempotency_mismatch']);
});

test.each([
  ['blank text', { session_data: ' \n\t ' }, 400, 'invalid_body'],
  ['no text', {}, 400, 'invalid_body'],
  ['text of another type', { session_data: ['User: hi'] }, 400, 'invalid_body'],
  ['NUL', { session_data: 'User: a\u0000b' }, 400, 'invalid_text'],
  ['half a surrogate pair', { session_data: 'User: \ud800' }, 400, 'invalid_text'],
  ['a bad session id', { session_data: 'User: hi', session_id: 'a b' }, 400, 'invalid_id'],
  ['a bad user id', { session_data: 'User: hi', metadata: { user_id: '../x' } }, 400, 'invalid_id'],
  ['a user id of another type', { session_data: 'User: hi', metadata: { user_id: 7 } }, 400, 'invalid_body'],
  ['a time that is none', { session_data: 'User: hi', metadata: { timestamp: 'yesterday' } }, 400, 'invalid_body'],
  ['large metadata', { session_data: 'User: hi', metadata: { note: 'x'.repeat(65_536) } }, 400, 'invalid_body'],
  ['more than 10 MiB', { session_data: 'x'.repeat(10 * 1024 * 1024) }, 413, 'body_too_large'],
])('%s is refused and stores nothing', async (...[, body, status, code]) => {
  const user = fresh();
  const answer = await stack.api().post(`/memory/${user}/store_raw`, body);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  const { results } = (await stack.api().get(`/memory/${user}/hierarchy`)).body;
  expect(results.total_count).toBe(0);
});

test('one long line is split into messages', async () => {
  const user = fresh();
  const session_data = `User: ${'word '.repeat(100_000)}`;
  const { raw_memory_id } = await handIn(user, { session_data, session_id: `${user}-long` });
  const { raw_transcript } = await settled(user, `${user}-long`);
  expect(raw_transcript).toMatchObject({ raw_memory_id, status: 'processed', session_data_length: session_data.length });
  expect(raw_transcript.messages).toBeGreaterThan(10);
}, 60_000);

test('rubbish is an error with its reason', async () => {
  const user = fresh();
  await handIn(user, { session_data: '\u0001\u0002\u0003'.repeat(500), session_id: `${user}-1` });
  const { raw_transcript, session_summary } = await settled(user, `${user}-1`);
  expect(raw_transcript).toMatchObject({ status: 'error', error: expect.stringMatching(/binary/) });
  expect(session_summary).toBeNull();
  const { processing_stats } = (await stack.api().get(`/memory/${user}/stats`)).body;
  expect(processing_stats).toMatchObject({ processed: 0, queued: 0, errors: 1 });
});

test("another user's session is not there", async () => {
  const [one, two] = [fresh(), fresh()];
  await stack.api().post('/memory/store', { user_id: one, session_id: `${one}-s`, user_message: 'mine', agent_message: 'ok' });
  const answer = await stack.api().post(`/memory/${two}/store_raw`, { session_data: 'User: hi', session_id: `${one}-s` });
  expect([answer.status, answer.body.code]).toEqual([404, 'session_not_found']);
});

test('what was learned is in the next context, and the conversation can go on', async () => {
  const user = fresh();
  await handIn(user, { session_data: TRAVEL, session_id: `${user}-travel` });
  await settled(user, `${user}-travel`);
  const who = { user_id: user, session_id: `${user}-next` };
  await stack.api().post('/sessions/start', who);
  const { body } = await stack.api().post('/memory/context', who);
  expect(body.insights.map((insight: { content: string }) => insight.content).join('\n')).toMatch(/vegetarian/);
  const more = { user_id: user, session_id: `${user}-travel`, user_message: 'One more thing.', agent_message: 'Yes?' };
  expect((await stack.api().post('/memory/store', more)).body.seq).toBe(10);
});

test('processing status and statistics are real figures', async () => {
  const user = fresh();
  await handIn(user, { session_data: TRAVEL, session_id: `${user}-travel` });
  await settled(user, `${user}-travel`);
  const status = await waitFor(
    async () => {
      const { body } = await stack.api().get(`/memory/${user}/processing_status`);
      return body.processed_today > 0 && body.avg_processing_ms > 0 && body;
    },
    { what: 'the job to be counted' },
  );
  expect(status).toMatchObject({
    success: true,
    processor_running: expect.any(Boolean),
    retention_policy: { raw_transcripts_days: 30, processed_sessions_days: 365, cleanup_interval_hours: 24 },
    success_rate: expect.any(Number),
  });
  expect(status.by_day).toHaveLength(7);
  expect(status.by_day[0]).toMatchObject({ date: new Date().toISOString().slice(0, 10), processed: expect.any(Number) });
  const { body } = await stack.api().get(`/memory/${user}/stats`);
  expect(body.hierarchy_stats).toMatchObject({ session_summaries: 1, raw_transcripts: 1 });
  expect(body.hierarchy_stats.discrete_memories).toBeGreaterThanOrEqual(4);
  expect(body).toMatchObject({ basic_stats: { users: 1, sessions: 1 }, storage_stats: { raw_transcript_bytes: TRAVEL.length } });
});
