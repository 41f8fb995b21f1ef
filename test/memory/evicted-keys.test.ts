import { afterAll, beforeAll, expect, test } from 'vitest';
import { appendToField, incrementField } from '../../src/lib/memory/fields/field-changes.ts';
import { fieldStats } from '../../src/lib/memory/fields/field-stats.ts';
import { clearFields, listFields, readField, sizeOfFields, updateFields } from '../../src/lib/memory/fields/fields.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { retrieve } from '../../src/lib/memory/search/retrieve.ts';
import { listMessages } from '../../src/lib/memory/sessions/messages.ts';
import { readBuffer } from '../../src/lib/memory/sessions/session-buffer.ts';
import { addSummary } from '../../src/lib/memory/sessions/session-summaries.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { readStats } from '../../src/lib/memory/sessions/stats.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { RetrieveRequest } from '../../src/lib/requests.ts';
import { UNCONDITIONAL } from '../../src/lib/tiers/hot-fields.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, say, TENANT } from '../support/talk.ts';
import { waitFor } from '../support/wait.ts';

// Redis evicts single keys, and a cluster that fails over may lose the newest: whatever is missing, alone or with one other, nobody is
// told anything wrong. All keys are found by looking, so that a new kind of key is tested without being named here.
let world: Instances;
let who: ReturnType<Instances['fresh']>;
beforeAll(async () => {
  world = await startInstances({ count: 2 });
  who = world.fresh();
  await say(world.instance(), { ...who, session_id: `${who.session_id}-earlier` }, 'I live in Berlin and I love sailing.');
  await endSession(world.instance(), ownerIs(who), { session_id: `${who.session_id}-earlier`, wait_ms: 0 });
  for (const { queue, payload } of world.rung.splice(0))
    if (queue !== 'invalidate') await runJob(world.instance(), Doorbell.parse(payload));
  await world.redis.flush();
  for (const text of ['Good morning.', 'I bought a red bicycle.', 'Where was I?']) await say(world.instance(), who, text);
  await addSummary(world.instance(), {
    owner: ownerIs(who),
    session_id: who.session_id,
    request: { summary: 'They greeted each other.', to_seq: 2, metadata: undefined },
  });
}, 60_000);
afterAll(() => world.stop());

const of = () => ({ tenant: TENANT, session_id: who.session_id, who: who.user_id });
const field = (name: string) => ({ ...of(), name, condition: UNCONDITIONAL, replay: '', body: '' });
const FIELDS = { text: 'grün', list: [0.1, [], {}] };

/** Everything of the session and its user is in Redis, and the names of it all. */
async function warm(): Promise<string[]> {
  await clearFields(world.instance(), of());
  await updateFields(world.instance(), of(), { fields: FIELDS, ttl: undefined });
  await incrementField(world.instance(), { ...field('count'), replay: 'key', body: 'one' }, { by: 1 });
  await counted();
  return (await world.redis.keys()).sort();
}

/** A session in use that is not counted any more is so again when its copy is next looked after. */
async function counted(): Promise<void> {
  world.clock.advance({ seconds: 61 });
  await told(0);
  const { hot } = world.instance();
  const isNoted = async () => (await readStats(world.instance(), TENANT)).total_sessions === 1 && (await hot.tenants())?.includes(TENANT);
  await waitFor(isNoted, { what: 'the session and its tenant to be noted' });
}

/** All that a caller is told of the session and the user but its fields, without what is new with every answer. */
async function told(instance: number) {
  const services = world.instance(instance);
  const { context_id: _id, ...context } = await recall(services, who);
  const { context_id: _other, ...answering } = await recall(services, who, { query: 'What about the bicycle?' });
  const { messages } = await listMessages(services, ownerIs(who), { session_id: who.session_id, limit: 100, epoch: 'current' });
  const buffer = await readBuffer(services, ownerIs(who), who.session_id);
  const found = await retrieve(services, ownerIs(who), RetrieveRequest.parse({ ...who, query: 'red bicycle' }));
  return { context, answering, messages, buffer: { ...buffer, buffer_info: { ...buffer.buffer_info, ttl_remaining_seconds: 0 } }, found };
}

/** The fields are there, each as it was or gone, by every way of asking. */
async function fieldsAreRight(gone: string[]): Promise<void> {
  const services = world.instance(1);
  const all = { ...FIELDS, count: 1 };
  const names = Object.keys(all).filter((name) => !gone.some((key) => key.endsWith('}f') || key.endsWith(`}f|${name}`)));
  const left = Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
  expect((await listFields(services, of())).fields).toEqual(left);
  expect(Object.keys((await sizeOfFields(services, of())).fields).sort()).toEqual(names.sort());
  for (const [name, value] of Object.entries(all)) {
    const { field: read } = await readField(services, { ...of(), name }, { default: '"none"' });
    expect(read.value).toEqual(names.includes(name) ? value : 'none');
  }
  const list = await appendToField(services, field('list'), { value: 'new' });
  const expected = [...(names.includes('list') ? FIELDS.list : []), 'new'];
  expect(list.answer.length).toBe(expected.length);
  expect((await readField(services, field('list'), {})).field.value).toEqual(expected);
  expect((await fieldStats(services, TENANT, { limit: 20 })).conversations.map((c) => c.conversation_id)).toEqual([who.session_id]);
}

const singlesAndPairs = (keys: string[]) => keys.flatMap((one, i) => [[one], ...keys.slice(i + 1).map((other) => [one, other])]);

test('whichever keys are evicted, alone or two together, answers stay right', async () => {
  const keys = await warm();
  const fieldKeys = [...Object.keys(FIELDS), 'count'].map((name) => `f|${name}`);
  const kinds = keys.map((key) => key.replace(/^\{.*\}/, ''));
  expect(new Set(kinds)).toEqual(new Set(['', 'ix', 'h', 'b', 'c', 'f', ...fieldKeys, 'fk', 'fw', 'fx']));
  const right = await told(0);
  expect(right).toMatchObject({ context: { cumulative_summary: 'They greeted each other.' } });
  expect(right.context.active_context).toHaveLength(2);
  expect(JSON.stringify(right.context)).toMatch(/sailing/);
  for (const gone of singlesAndPairs(keys)) {
    expect(await warm(), 'all keys are back').toEqual(keys);
    for (const key of gone) await world.client.del(key);
    expect(await told(1), `without ${gone}`).toEqual(right);
    expect(await told(0), `rebuilt without ${gone}`).toEqual(right);
    await fieldsAreRight(gone);
    await counted();
  }
}, 120_000);

test('whichever key is evicted, what is stored next is stored once, and follows what was there', async () => {
  let { messages } = await told(0);
  for (const key of await warm()) {
    await warm();
    await world.client.del(key);
    await say(world.instance(1), who, `After ${key}`);
    const now = await told(0);
    expect(now.messages.slice(0, -2), key).toEqual(messages);
    expect(now.messages.at(-2), key).toMatchObject({ content: `After ${key}`, seq: messages.length + 1 });
    expect(now.context.active_context.at(-1)?.user_message).toBe(`After ${key}`);
    messages = now.messages;
  }
}, 60_000);
