import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalModel } from '../../src/lib/llm/local.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { clearBuffer, clearSummaries } from '../../src/lib/memory/sessions/clear.ts';
import { listMessages } from '../../src/lib/memory/sessions/messages.ts';
import { readBuffer } from '../../src/lib/memory/sessions/session-buffer.ts';
import { addSummary, listHistory } from '../../src/lib/memory/sessions/session-summaries.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, say } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 2 });
});
afterAll(() => world.stop());

type Who = ReturnType<Instances['fresh']>;
const local = createLocalModel({ now: () => 0 });
const buffer = (who: Who) => readBuffer(world.instance(), ownerIs(who), who.session_id);
const history = async (who: Who) =>
  (await listHistory(world.instance(), ownerIs(who), { session_id: who.session_id, limit: 100, epoch: 'current' })).summaries;
const stored = async (who: Who) =>
  (await listMessages(world.instance(), ownerIs(who), { session_id: who.session_id, limit: 1000, epoch: 'current' })).count;
const summarise = (who: Who, request: { summary: string; to_seq?: number; metadata?: object }, idempotencyKey?: string) =>
  addSummary(world.instance(), {
    owner: ownerIs(who),
    session_id: who.session_id,
    request: { ...request, metadata: request.metadata as Record<string, unknown> | undefined },
    idempotencyKey,
  });

async function work(services: Services = world.instance(1)): Promise<void> {
  for (const { queue, payload } of world.rung.splice(0)) if (queue !== 'invalidate') await runJob(services, Doorbell.parse(payload));
}
async function talk(who: Who, turns: number): Promise<void> {
  for (let n = 1; n <= turns; n++) await say(world.instance(), who, `remark ${n}`);
}

test('a cleared buffer is left out of contexts, stays stored, and what comes after it is in', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I am a vegetarian.');
  await clearBuffer(world.instance(), ownerIs(who), who.session_id);
  expect(await buffer(who)).toMatchObject({ buffer_messages: [], message_count: 0, total_tokens: 0, current_summary: '' });
  expect((await recall(world.instance(1), who)).active_context).toEqual([]);
  expect(await stored(who)).toBe(2);
  await say(world.instance(), who, 'And now?');
  expect((await recall(world.instance(1), who)).active_context.map((t) => t.user_message)).toEqual(['And now?']);
  await world.redis.flush();
  expect((await recall(world.instance(1), who)).active_context.map((t) => t.user_message)).toEqual(['And now?']);
});

test('what was cleared out of the buffer is not a relevant memory of the session either', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'The red bicycle stands in the yard.');
  await clearBuffer(world.instance(), ownerIs(who), who.session_id);
  await say(world.instance(), who, 'Tell me.');
  const { formatted_context } = await recall(world.instance(1), who, { query: 'Where is the red bicycle?' });
  expect(formatted_context).not.toMatch(/bicycle/);
  const other = { ...who, session_id: `${who.session_id}-b` };
  await say(world.instance(), other, 'Hello.');
  expect((await recall(world.instance(1), other, { query: 'Where is the red bicycle?' })).formatted_context).toMatch(/bicycle/);
});

test('reflection still reads what was cleared out of the buffer', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I am a vegetarian.');
  await clearBuffer(world.instance(), ownerIs(who), who.session_id);
  await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  await work();
  const facts = await world.instance().warm.memory.listFacts(ownerIs(who));
  expect(facts.map((f) => f.text).join(' ')).toMatch(/vegetarian/);
});

test('a summary that was being written while the buffer was cleared is not written', async () => {
  const who = world.fresh();
  await talk(who, 16);
  let asked = 0;
  const model = {
    ...local,
    summarize: async (input: Parameters<typeof local.summarize>[0]) => {
      if (asked++ === 0) await clearBuffer(world.instance(), ownerIs(who), who.session_id);
      return local.summarize(input);
    },
  };
  await work({ ...world.instance(1), model });
  expect(asked).toBe(1);
  expect(await buffer(who)).toMatchObject({ message_count: 0, current_summary: '' });
  expect((await history(who)).filter((s) => s.level !== 'session')).toEqual([]);
});

test('cleared summaries are gone from contexts and history; what they covered does not come back', async () => {
  const who = world.fresh();
  await talk(who, 20);
  await work();
  const before = await buffer(who);
  expect(before.current_summary).not.toBe('');
  await clearSummaries(world.instance(), ownerIs(who), who.session_id);
  const after = await buffer(who);
  expect(after).toMatchObject({ current_summary: '', message_count: before.message_count });
  expect(await history(who)).toEqual([]);
  const next = await recall(world.instance(1), who, { query: 'remark' });
  expect(next.cumulative_summary).toBe('');
  expect(await world.instance().warm.memory.listSummaries(ownerIs(who))).toEqual([]);
  await talk(who, 12);
  await work();
  const grown = await buffer(who);
  expect(grown.current_summary).not.toBe('');
  expect(grown.current_summary).not.toContain(before.current_summary.slice(0, 40));
});

test('a summary written on top of one that was cleared meanwhile does not bring it back', async () => {
  const who = world.fresh();
  await talk(who, 16);
  await work();
  await summarise(who, { summary: 'SECRET plans were made.' });
  await talk(who, 16);
  let asked = 0;
  const model = {
    ...local,
    summarize: async (input: Parameters<typeof local.summarize>[0]) => {
      if (asked++ === 0) await clearSummaries(world.instance(), ownerIs(who), who.session_id);
      return local.summarize(input);
    },
  };
  await work({ ...world.instance(1), model });
  const { current_summary } = await buffer(who);
  expect(current_summary).not.toBe('');
  expect(current_summary).not.toContain('SECRET');
});

test('a session summary that a reflection goes on from is not brought back after it was cleared', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I live in Berlin.');
  await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  await work();
  await say(world.instance(), who, 'I prefer window seats.');
  await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  const previous: string[] = [];
  const model = {
    ...local,
    reflect: async (input: Parameters<typeof local.reflect>[0]) => {
      previous.push(input.previous_summary);
      if (previous.length === 1) await clearSummaries(world.instance(), ownerIs(who), who.session_id);
      return local.reflect(input);
    },
  };
  await work({ ...world.instance(1), model });
  expect(previous).toEqual([expect.stringMatching(/Berlin/), '']);
  expect((await history(who)).map((s) => s.summary).join(' ')).not.toMatch(/Berlin/);
});

test('a summary by hand joins the current one; with to_seq the messages up to there leave the buffer', async () => {
  const who = world.fresh();
  await talk(who, 3);
  const first = await summarise(who, { summary: 'They greeted each other.', metadata: { by: 'me' } });
  expect(first).toMatchObject({
    success: true,
    summary: 'They greeted each other.',
    metadata: { by: 'me' },
    level: 'manual',
    duplicate: false,
  });
  expect(await buffer(who)).toMatchObject({ current_summary: 'They greeted each other.', message_count: 6 });
  expect(await summarise(who, { summary: 'Two remarks were made.', to_seq: 4 })).toMatchObject({ from_seq: 1, to_seq: 4 });
  const now = await buffer(who);
  expect(now.current_summary).toBe('They greeted each other.\nTwo remarks were made.');
  expect(now.buffer_messages.map((m) => m.seq)).toEqual([5, 6]);
  expect((await recall(world.instance(1), who)).watermark).toMatchObject({ summarized_through: 4, last_seq: 6 });
  expect((await history(who)).map((s) => s.summary)).toEqual(['Two remarks were made.', 'They greeted each other.']);
  for (const to_seq of [3, 7]) {
    await expect(summarise(who, { summary: 'x', to_seq })).rejects.toMatchObject({ code: 'summary_conflict' });
  }
  await world.redis.flush();
  expect(await buffer(who)).toMatchObject({
    current_summary: now.current_summary,
    buffer_info: { token_count: now.buffer_info.token_count },
  });
});

test('a summary by hand is added once for one Idempotency-Key, and ten at once are all kept', async () => {
  const who = world.fresh();
  await talk(who, 2);
  const first = await summarise(who, { summary: 'Hello.' }, 'key-1');
  expect(await summarise(who, { summary: 'Hello.' }, 'key-1')).toEqual({ ...first, duplicate: true });
  await expect(summarise(who, { summary: 'Other.' }, 'key-1')).rejects.toMatchObject({ code: 'idempotency_mismatch' });
  await Promise.all(Array.from({ length: 10 }, (_, n) => summarise(who, { summary: `Part ${n}.` })));
  const { current_summary } = await buffer(who);
  for (let n = 0; n < 10; n++) expect(current_summary).toContain(`Part ${n}.`);
  expect(current_summary.match(/Hello\./g)).toHaveLength(1);
});

test('stores and summaries by hand at the same time keep the buffer and its tokens exact', async () => {
  const who = world.fresh();
  await talk(who, 4);
  await Promise.all(
    [talk(who, 6), summarise(who, { summary: 'A.', to_seq: 2 }), summarise(who, { summary: 'B.', to_seq: 8 })].map((p) =>
      p.catch(() => {}),
    ),
  );
  const hot = await buffer(who);
  await world.redis.flush();
  const cold = await buffer(who);
  expect(cold.buffer_messages).toEqual(hot.buffer_messages);
  expect(cold.buffer_info.token_count).toBe(cold.buffer_messages.reduce((sum, m) => sum + (m.raw ? 0 : m.tokens), 0));
});
