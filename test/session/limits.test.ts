import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { limitsOf } from '../../src/lib/memory/sessions/limits.ts';
import { addMessage } from '../../src/lib/memory/sessions/messages.ts';
import { readBuffer } from '../../src/lib/memory/sessions/session-buffer.ts';
import { putConfig, readConfig } from '../../src/lib/memory/sessions/session-config.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { ConfigRequest, MessageRequest } from '../../src/lib/requests-session.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances();
});
afterAll(() => world.stop());

type Who = ReturnType<Instances['fresh']>;
const at = (who: Who) => ({ owner: ownerIs(who), session_id: who.session_id });
const add = (who: Who, content: string, role = 'user') =>
  addMessage(world.instance(), { ...at(who), message: MessageRequest.parse({ role, content }).message });
const configure = (who: Who, change: object, condition = {}) =>
  putConfig(world.instance(), ownerIs(who), { session_id: who.session_id, change: ConfigRequest.parse(change), condition });
const buffer = (who: Who) => readBuffer(world.instance(), ownerIs(who), who.session_id);

async function work(): Promise<void> {
  for (const { queue, payload } of world.rung.splice(0)) {
    if (queue === 'summarize') await runJob(world.instance(), Doorbell.parse(payload));
  }
}
const SENTENCE = 'We walked along the river and talked about the plans for the summer. ';

test('a message larger than the whole buffer is kept, counted, and summarised as soon as another turn begins', async () => {
  const who = world.fresh();
  const large = SENTENCE.repeat(400);
  const stored = await add(who, large);
  expect(stored.total_tokens).toBeGreaterThan(4000);
  await work();
  const full = await buffer(who);
  expect(full.buffer_messages.map((m) => m.content)).toEqual([large]);
  expect(full.buffer_info).toMatchObject({ message_count: 1, over_limit: true, should_trigger_summary: true });
  expect(full.buffer_info.token_count).toBe(stored.total_tokens);

  await add(who, 'I see.', 'assistant');
  expect((await add(who, 'Where were we?')).summary_triggered).toBe(true);
  await work();
  const after = await buffer(who);
  expect(after.buffer_messages.map((m) => m.content)).toEqual(['Where were we?']);
  expect(after.current_summary).toMatch(/river/);
  expect(after.buffer_info).toMatchObject({ over_limit: false, should_trigger_summary: false });
});

test('large messages one after the other never get stuck: each leaves when the next has come', async () => {
  const who = world.fresh();
  for (let n = 1; n <= 5; n++) {
    await add(who, `${n}. ${SENTENCE.repeat(300)}`);
    await work();
    expect((await buffer(who)).message_count).toBe(1);
  }
});

test('a trigger far below the limit is kept to', async () => {
  const who = world.fresh();
  await configure(who, { summary_trigger_tokens: 60 });
  for (let n = 1; n <= 8; n++) {
    await add(who, SENTENCE);
    await work();
    const { buffer_info } = await buffer(who);
    expect(buffer_info.should_trigger_summary).toBe(false);
    expect(buffer_info.token_count).toBeLessThanOrEqual(60);
  }
});

test("a session's own limits decide, another session keeps those of the settings", async () => {
  const [small, ordinary] = [world.fresh(), world.fresh()];
  await configure(small, { max_buffer_messages: 4 });
  for (let n = 1; n <= 5; n++) for (const who of [small, ordinary]) await add(who, `remark ${n}`);
  await work();
  const [cut, whole] = [await buffer(small), await buffer(ordinary)];
  expect(cut.message_count).toBe(2);
  expect(cut.buffer_info).toMatchObject({ max_buffer_messages: 4, over_limit: false });
  expect(whole.message_count).toBe(5);
  expect(whole.buffer_info.max_buffer_messages).toBe(30);
});

test('the settings give the limits of every session that has none of its own', async () => {
  const smaller = { MAX_BUFFER_MESSAGES: '4', MAX_BUFFER_TOKENS: '400', SUMMARY_TRIGGER_TOKENS: '300' };
  const other = await startInstances({ settings: smaller });
  try {
    const who = other.fresh();
    const message = (content: string) => MessageRequest.parse({ role: 'user', content }).message;
    for (let n = 1; n <= 5; n++) await addMessage(other.instance(), { ...at(who), message: message(`remark ${n}`) });
    const { buffer_info } = await readBuffer(other.instance(), ownerIs(who), who.session_id);
    expect(buffer_info).toMatchObject({ max_buffer_messages: 4, max_buffer_tokens: 400, over_limit: true, should_trigger_summary: true });
    const { config } = await readConfig(other.instance(), ownerIs(who), who.session_id);
    expect(config.summary_trigger_tokens).toBe(300);
  } finally {
    await other.stop();
  }
});

test('a buffer that overflows by new limits is summarised at once', async () => {
  const who = world.fresh();
  for (let n = 1; n <= 6; n++) await add(who, `remark ${n}`);
  await configure(who, { max_buffer_messages: 3 });
  expect((await buffer(who)).buffer_info).toMatchObject({ over_limit: true, should_trigger_summary: true });
  await work();
  expect((await buffer(who)).message_count).toBe(1);
});

test('limits are merged, null goes back to the setting, and a trigger above the limit is refused', async () => {
  const who = world.fresh();
  const read = async () => (await readConfig(world.instance(), ownerIs(who), who.session_id)).config;
  await configure(who, { summary_trigger_tokens: 2500, max_buffer_tokens: 3500 });
  await configure(who, { max_buffer_messages: 12 });
  expect(await read()).toMatchObject({ summary_trigger_tokens: 2500, max_buffer_tokens: 3500, max_buffer_messages: 12, k_turn_buffer: 5 });
  await expect(configure(who, { max_buffer_tokens: 2000 })).rejects.toMatchObject({ code: 'invalid_body' });
  await expect(configure(who, { summary_trigger_tokens: 3501 })).rejects.toMatchObject({ code: 'invalid_body' });
  await configure(who, { max_buffer_messages: null, max_buffer_tokens: null });
  expect(await read()).toMatchObject({ summary_trigger_tokens: 2500, max_buffer_tokens: 4000, max_buffer_messages: 30 });
});

test('parallel changes of different limits are all kept; one that expects another state is refused', async () => {
  const who = world.fresh();
  await Promise.all([
    configure(who, { max_buffer_messages: 9 }),
    configure(who, { k_turn_buffer: 3 }),
    configure(who, { l_turn_chunks: 4 }),
    add(who, 'hello'),
  ]);
  const { config, etag } = await readConfig(world.instance(), ownerIs(who), who.session_id);
  expect(config).toMatchObject({ max_buffer_messages: 9, k_turn_buffer: 3, l_turn_chunks: 4 });
  await configure(who, { k_turn_buffer: 6 }, { ifMatch: etag });
  await expect(configure(who, { k_turn_buffer: 7 }, { ifMatch: etag })).rejects.toMatchObject({ code: 'precondition_failed' });
});

test('a trigger of the settings is never above the limit of a session', () => {
  const settings = world.instance().config.memory;
  expect(limitsOf(settings, { max_buffer_tokens: 1000 }).summaryTriggerTokens).toBe(1000);
  expect(limitsOf(settings)).toEqual(expect.objectContaining({ summaryTriggerTokens: 3000, maxBufferTokens: 4000, maxBufferMessages: 30 }));
});
