import { afterAll, beforeAll, expect, test } from 'vitest';
import { addMessage, listMessages } from '../../src/lib/memory/sessions/messages.ts';
import { MessageRequest } from '../../src/lib/requests-session.ts';
import { traced } from '../../src/lib/telemetry.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances();
});
afterAll(() => world.stop());

type Who = ReturnType<Instances['fresh']>;
const page = (who: Who, more: { limit: number; before?: number }) =>
  traced(async (trace) => {
    const { messages } = await listMessages(world.instance(), ownerIs(who), { session_id: who.session_id, epoch: 'current', ...more });
    return { seqs: messages.map((m) => m.seq), trace };
  });

test('the newest messages of a hot session are read without Cosmos DB', async () => {
  const who = world.fresh();
  for (let n = 1; n <= 5; n++) await say(world.instance(), who, `remark ${n}`);
  const { seqs, trace } = await page(who, { limit: 4 });
  expect(seqs).toEqual([7, 8, 9, 10]);
  expect(trace).toMatchObject({ session: 'hot', cosmos_calls: 0, redis_calls: 1 });
});

test('a page of the oldest messages costs the same however long the session is', async () => {
  const who = world.fresh();
  const batch = (from: number) => Array.from({ length: 30 }, (_, i) => ({ role: 'user', content: `remark ${from + i}` }));
  const charges: number[] = [];
  for (let stored = 0; stored < 600; stored += 30) {
    await say(world.instance(), who, { messages: batch(stored + 1) });
    if (stored + 30 < 120) continue;
    await listMessages(world.instance(), ownerIs(who), { session_id: who.session_id, epoch: 'current', limit: 1 });
    const { seqs, trace } = await page(who, { limit: 10, before: 60 });
    expect(seqs).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
    charges.push(trace.ru);
  }
  expect(Math.max(...charges)).toBeLessThanOrEqual(Math.min(...charges) * 1.2);
});

test('pages joined are the session, whatever the stores were like and wherever the pages end', async () => {
  const who = world.fresh();
  let total = 0;
  for (const size of [1, 90, 3, 40, 1, 1, 89, 7]) {
    const messages = Array.from({ length: size }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: `text ${total + i + 1}` }));
    await say(world.instance(), who, { messages });
    total += size;
  }
  await addMessage(world.instance(), {
    owner: ownerIs(who),
    session_id: who.session_id,
    message: MessageRequest.parse({ role: 'system', content: `text ${++total}` }).message,
  });
  for (const limit of [1, 7, 89, 90, 91, 1000]) {
    for (const epoch of ['current', 'all'] as const) {
      const texts: string[] = [];
      for (let before: number | undefined; ; ) {
        const read = await listMessages(world.instance(), ownerIs(who), { session_id: who.session_id, epoch, limit, before });
        texts.unshift(...read.messages.map((m) => m.content));
        if (read.next_before === null) break;
        before = read.next_before;
      }
      expect(texts, `${limit} ${epoch}`).toEqual(Array.from({ length: total }, (_, i) => `text ${i + 1}`));
    }
  }
}, 60_000);
