import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { overflows, takeChunk } from '../../src/lib/memory/reflection/chunk.ts';
import type { Message } from '../../src/lib/model.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, say } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 2 });
});
afterAll(() => world.stop());

const LIMITS = { kTurnBuffer: 5, lTurnChunks: 10, maxBufferMessages: 30, maxBufferTokens: 4000, summaryTriggerTokens: 3000 };

/** Answers the summarize doorbells that were rung so far. */
async function work(): Promise<void> {
  for (const { queue, payload } of world.rung.splice(0))
    if (queue === 'summarize') await runJob(world.instance(1), Doorbell.parse(payload));
}

test('a long session keeps a context of constant size, and every seq is either summarised or said', async () => {
  const who = world.fresh();
  const service = world.instance();
  const sizes: number[] = [];
  for (let n = 1; n <= 200; n++) {
    await say(service, who, `This is remark number ${n} about our trip to the mountains, day ${n}.`);
    await work();
    const context = await recall(service, who);
    sizes.push(context.usage.total_tokens);
    expect(context.messages.length).toBeLessThanOrEqual(2 * (LIMITS.kTurnBuffer + LIMITS.lTurnChunks) + 2);
    expect(context.watermark.summarized_through + context.messages.length).toBe(context.watermark.last_seq);
  }
  const mergedOnce = 105; // nine chunks after the first fifteen turns: from here on the summary has all its parts
  expect(Math.max(...sizes.slice(mergedOnce))).toBeLessThan(3000);
  const summaries = await service.warm.memory.listSummaries(ownerIs(who));
  const chunks = summaries.filter((s) => s.level === 'chunk').sort((a, b) => a.from_seq - b.from_seq);
  expect(chunks.map((c) => c.from_seq)).toEqual([1, ...chunks.slice(0, -1).map((c) => c.to_seq + 1)]);
  const rolling = summaries.filter((s) => s.level === 'rolling');
  expect(rolling.every((s) => s.from_seq === 1 && (s.parts?.chunks.length ?? 0) <= 8)).toBe(true);
  const { cumulative_summary, formatted_context } = await recall(service, who);
  expect(cumulative_summary).toMatch(/mountains/);
  expect(formatted_context).toContain('### Current Session Summary');
}, 60_000);

test('what no summary covers stays in the context until one does', async () => {
  const who = world.fresh();
  const service = world.instance();
  for (let n = 1; n <= 40; n++) await say(service, who, `remark ${n}`);
  expect((await recall(service, who)).active_context).toHaveLength(40);
  await work();
  const context = await recall(service, who);
  expect(context.active_context.length).toBeLessThanOrEqual(15);
  expect(context.active_context.at(-1)?.user_message).toBe('remark 40');
});

test('a summary that lost its race writes nothing', async () => {
  const who = world.fresh();
  const service = world.instance();
  for (let n = 1; n <= 16; n++) await say(service, who, `remark ${n}`);
  const bell = world.rung.find(({ queue }) => queue === 'summarize');
  world.rung.length = 0;
  const once = Doorbell.parse(bell?.payload);
  let asked = 0;
  const { model } = service;
  const slow = {
    ...service,
    model: {
      ...model,
      summarize: async (input: Parameters<typeof model.summarize>[0]) => {
        if (asked++ === 0) world.clock.advance({ seconds: 301 }); // the lease runs out while the model thinks
        if (asked === 1) await runJob(world.instance(1), once);
        return model.summarize(input);
      },
    },
  };
  await runJob(slow, once);
  const chunks = (await service.warm.memory.listSummaries(ownerIs(who))).filter((s) => s.level === 'chunk');
  expect(chunks.map((c) => [c.from_seq, c.to_seq])).toEqual([[1, 20]]);
});

const message = (seq: number, turn_no: number, tokens = 10): Message => ({
  seq,
  message_id: `m${seq}`,
  turn_no,
  turn_id: `t${turn_no}`,
  role: 'user',
  content: 'x',
  created_at: '',
  tokens,
});

test('the oldest turns leave until half of each limit is left, at least one turn stays, and an over-long turn is cut', () => {
  const buffer = (turns: number, perTurn: number, tokens?: number) =>
    Array.from({ length: turns * perTurn }, (_, i) => message(i + 1, Math.floor(i / perTurn) + 1, tokens));
  expect(takeChunk(buffer(16, 2), LIMITS)).toHaveLength(20);
  expect(takeChunk(buffer(7, 2, 500), LIMITS), 'two turns of 1,000 tokens fit half of 4,000').toHaveLength(10);
  expect(takeChunk(buffer(2, 1, 9000), LIMITS)).toHaveLength(1);
  expect(takeChunk(buffer(1, 1, 9000), LIMITS)).toHaveLength(0);
  expect(takeChunk(buffer(1, 40), LIMITS)).toHaveLength(25);
});

test('overflow is more than K turns and a chunk of L, the message limit, or the token trigger', () => {
  const head = { epoch_seq: 0, epoch_turn: 0, summarized_through: 0, summarized_turn: 0, last_seq: 30, turn_no: 15, buffer_tokens: 3000 };
  const of = (change: object) => overflows({ ...head, ...change } as Parameters<typeof overflows>[0], LIMITS);
  expect([of({}), of({ turn_no: 16 }), of({ last_seq: 31 }), of({ buffer_tokens: 3001 })]).toEqual([false, true, true, true]);
});
