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
      const found = await session(namespace, id);
      return found.raw_transcript.status !== 'queued' && found;
    },
    { what: `transcript of ${id} processed`, timeoutMs: 25_000 },
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
