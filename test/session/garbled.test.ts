import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { listMessages } from '../../src/lib/memory/sessions/messages.ts';
import { readBuffer } from '../../src/lib/memory/sessions/session-buffer.ts';
import type { Services } from '../../src/lib/services.ts';
import { traced } from '../../src/lib/telemetry.ts';
import { memoryCopy, sessionBuffer, sessionHead } from '../../src/lib/tiers/keys.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, recalled, say, TENANT } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ settings: { BREAKER_FAILURES: '100' } });
});
afterAll(() => world.stop());

type Who = ReturnType<Instances['fresh']>;
let warnings: { event: string; fields: unknown }[] = [];
let service: Services;
beforeEach(() => {
  warnings = [];
  service = { ...world.instance(), log: (level, event, fields) => void (level === 'warn' && warnings.push({ event, fields })) };
});
const list = (who: Who) => listMessages(service, ownerIs(who), { session_id: who.session_id, limit: 100, epoch: 'current' });

async function hotSession(): Promise<Who> {
  const who = world.fresh();
  await say(service, who, 'first');
  await say(service, who, 'second');
  await recalled(service, who);
  return who;
}
const head = (who: Who) => sessionHead(TENANT, who.session_id);
const buffer = (who: Who) => sessionBuffer(TENANT, who.session_id);

/** What can become of a stored value, and how it is put there. */
const garbling: [string, (who: Who) => Promise<unknown>][] = [
  ['a message that is no JSON', (who) => world.client.lset(buffer(who), 1, '{"seq":2,"content":"half')],
  ['a message that is another JSON value', (who) => world.client.lset(buffer(who), 0, 'null')],
  ['a message without its text', (who) => world.client.lset(buffer(who), 0, '{"seq":1}')],
  ['a head that is no JSON', (who) => world.client.hset(head(who), 'doc', 'not a head')],
  ['a head that is another JSON value', (who) => world.client.hset(head(who), 'doc', '[]')],
  ['a memory that is no JSON', (who) => world.client.hset(memoryCopy(ownerIs(who)), 'doc', '{')],
  ['a memory that is another JSON value', (who) => world.client.hset(memoryCopy(ownerIs(who)), 'doc', '7')],
];

test.each(garbling)('%s is told once, read anew from Cosmos DB and replaced', async (_what, garble) => {
  const who = await hotSession();
  await garble(who);
  expect(await recalled(service, who)).toEqual(['first', 'second']);
  expect(warnings).toEqual([{ event: 'hot_value_garbled', fields: expect.objectContaining({ session_id: who.session_id }) }]);
  const again = await traced(async (trace) => ({ said: await recalled(service, who), trace }));
  expect(again.said).toEqual(['first', 'second']);
  expect(again.trace).toMatchObject({ session: 'hot', cosmos_calls: 0 });
  expect(warnings).toHaveLength(1);
});

test.each(garbling)('%s does not keep a message from being stored', async (_what, garble) => {
  const who = await hotSession();
  await garble(who);
  await say(service, who, 'third');
  expect(await recalled(service, who)).toEqual(['first', 'second', 'third']);
  expect((await list(who)).messages).toHaveLength(6);
});

test('while Cosmos DB is down too the text itself is answered, as raw, and nothing of it is lost', async () => {
  const who = await hotSession();
  const text = '{"seq":2,"content":"half';
  await world.client.lset(buffer(who), 1, text);
  const fault = world.cosmos.faults.add({ action: { status: 503 } });
  try {
    const { messages } = await list(who);
    expect(messages.map((m) => m.seq)).toEqual([1, 2, 3, 4]);
    expect(messages[1]).toEqual({ seq: 2, content: text, raw: true });
    expect(messages[0]).toMatchObject({ content: 'first', role: 'user' });
    expect((await readBuffer(service, ownerIs(who), who.session_id)).buffer_messages).toEqual(messages);
    await expect(recall(service, who)).rejects.toMatchObject({ code: 'tier_unavailable' });
    const stranger = { ...who, user_id: 'somebody-else' };
    await expect(list(stranger)).rejects.toMatchObject({ code: 'tier_unavailable' });
  } finally {
    fault.remove();
  }
  expect((await list(who)).messages[1]).toMatchObject({ content: 'You said: first' });
}, 60_000);
