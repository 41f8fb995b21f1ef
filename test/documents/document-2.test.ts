// Document 2 ("Distributed Memory Subsystem") example by example, in its order. Its Python calls become calls of the typed client
// over HTTP, and only the base URL is ours. Two app processes take turns, as its agents run in many.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryClient, FieldNotFound, ListEmpty, type ListedMessage } from '../../src/lib/client/client.ts';
import { type Stack, startStack } from '../support/stack.ts';

const HOUR = 3600; // DEFAULT_TTL of the document
const DAY = 86_400; // max_age_seconds of its clean-up

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ apps: 2 });
}, 120_000);
afterAll(() => stack.stop());

/** The document's manager, in one process or the other. */
const manager = (process = 0) => createMemoryClient({ baseUrl: `${stack.api(process).url}/api` });
/** `await self.get_memory(conversation_id)` */
const getMemory = (conversation_id: string, process = 0) => manager(process).session(conversation_id);
const newConversation = () => `conv_${randomUUID()}`;
const now = () => Date.now() / 1000; // time.time()
const ttlOf = async (conversation_id: string, name: string) =>
  (await stack.api().get(`/sessions/${conversation_id}/fields/${name}`)).body.ttl_seconds;
/** A life that was just set: the seconds that a busy machine takes may have gone. */
const about = (seconds: number) => expect.toSatisfy((ttl: number) => ttl <= seconds && ttl > seconds - 30, `about ${seconds} s`);
const textsOf = (messages: ListedMessage[]) => messages.map(({ role, content }) => `${role}: ${content}`);

describe('Key Features', () => {
  test('Distributed: what one process sets another reads', async () => {
    const id = newConversation();
    await getMemory(id, 0).fields.set('language', 'en');
    expect(await getMemory(id, 1).fields.get('language')).toBe('en');
  });

  test('Conversation-scoped: the same name in two conversations is two fields', async () => {
    const [one, other] = [getMemory(newConversation()), getMemory(newConversation(), 1)];
    await one.fields.set('language', 'en');
    expect(await other.fields.get('language', 'unset')).toBe('unset');
  });

  test('Type Safety: any JSON comes back as it was', async () => {
    const { fields } = getMemory(newConversation());
    const values = { text: 'Grüße, 世界 🌊', whole: 42, real: 0.1, large: 9007199254740991, yes: true, none: null, list: [], dict: {} };
    await fields.update(values);
    expect(Object.fromEntries(await fields.items())).toEqual(values);
  });
});

test('Basic Dict Operations', async () => {
  const { fields } = getMemory(newConversation());
  await fields.set('user_id', 'user_123');
  await fields.set('preferences', { language: 'en', theme: 'dark' });

  expect(await fields.get('user_id')).toBe('user_123');
  expect(await fields.get('preferences', {})).toEqual({ language: 'en', theme: 'dark' });

  const last_activity = now();
  await fields.update({ last_activity, session_count: 1 });
  expect(await fields.has('user_preferences')).toBe(false);
  expect(await fields.has('preferences')).toBe(true);
  expect(await fields.keys()).toEqual(['last_activity', 'preferences', 'session_count', 'user_id']);
  expect(await fields.items()).toEqual([
    ['last_activity', last_activity],
    ['preferences', { language: 'en', theme: 'dark' }],
    ['session_count', 1],
    ['user_id', 'user_123'],
  ]);
});

test('List Operations', async () => {
  const { fields } = getMemory(newConversation());
  await fields.set('activity_log', []);
  await fields.append('activity_log', { action: 'login', timestamp: now() });
  await fields.extend('activity_log', [
    { action: 'view_page', page: 'home' },
    { action: 'click_button', button: 'submit' },
  ]);
  const activities = await fields.get<{ action: string }[]>('activity_log'); // get_list
  expect(activities.map(({ action }) => action)).toEqual(['login', 'view_page', 'click_button']);

  expect(await fields.length('activity_log')).toBe(3);
  expect(await fields.pop('activity_log')).toEqual({ action: 'click_button', button: 'submit' });
  await fields.insert('activity_log', 0, { action: 'session_start' });
  const left = await fields.get<{ action: string }[]>('activity_log');
  expect(left.map(({ action }) => action)).toEqual(['session_start', 'login', 'view_page']);
  expect(await fields.remove('activity_log', { page: 'home', action: 'view_page' }), 'remove, of its architecture').toBe(2);
});

test('Conversation History Management', async () => {
  const id = newConversation();
  const memory = getMemory(id);
  for (let n = 1; n <= 6; n++) {
    const message_id = `m-${id}-${n}`;
    await memory.messages.add('user', `question ${n}`, { metadata: { message_id, timestamp: now() } });
    await getMemory(id, 1).messages.add('assistant', `answer ${n}`);
  }
  const recent_messages = await memory.messages.list({ limit: 10 });
  const all_messages = await memory.messages.list();
  expect(textsOf(recent_messages)).toEqual(textsOf(all_messages).slice(-10));
  expect(textsOf(all_messages).slice(0, 2)).toEqual(['user: question 1', 'assistant: answer 1']);
  expect(all_messages[0], 'the id of the metadata is the id of the message').toMatchObject({ message_id: `m-${id}-1` });
  expect(await memory.messages.count()).toBe(12);
});

test('User Preferences and Settings', async () => {
  const { fields } = getMemory(newConversation());
  const default_prefs = { language: null as string | null, response_style: 'detailed', notifications: true, timezone: 'UTC' };

  const prefs = await fields.get('user_preferences', default_prefs);
  expect(prefs).toEqual(default_prefs);
  prefs.language = 'de';
  await fields.set('user_preferences', prefs);
  await fields.append('user_actions', { action: 'unknown', timestamp: now(), preferences_at_time: { ...prefs } });

  expect(await fields.get('user_preferences', default_prefs)).toEqual({ ...default_prefs, language: 'de' });
  expect(await fields.get('user_actions')).toMatchObject([{ action: 'unknown', preferences_at_time: { language: 'de' } }]);
});

describe('Memory Management and Cleanup', () => {
  test('cleanup_conversation takes all that the conversation has', async () => {
    const memory = getMemory(newConversation());
    await memory.fields.set('user_id', 'user_123');
    await memory.messages.add('user', 'Hello');
    await memory.clear();
    expect(await memory.fields.keys()).toEqual([]);
    await expect(memory.messages.count()).rejects.toMatchObject({ code: 'session_not_found' });
  });

  test('get_stats counts conversations', async () => {
    const id = newConversation();
    await getMemory(id).fields.set('user_id', 'user_123');
    const { total_conversations, conversations } = await manager(1).fieldStats({ limit: 100 });
    expect(total_conversations).toBeGreaterThanOrEqual(1);
    expect(conversations).toContainEqual({ conversation_id: id, total_fields: 1, total_size_bytes: '"user_123"'.length });
  });

  test('set_ttl, with 3,600 s unless asked otherwise', async () => {
    const id = newConversation();
    const { fields } = getMemory(id);
    await fields.set('user_id', 'user_123', { ttl_seconds: 60 });
    const payload: { ttl?: number } = {};
    await fields.setTtl(payload.ttl ?? HOUR);
    expect(await ttlOf(id, 'user_id')).toEqual(about(HOUR));
  });

  test('get_size', async () => {
    const { fields } = getMemory(newConversation());
    await fields.update({ user_id: 'user_123', log: [1, 2] });
    expect(await fields.size()).toEqual({
      total_fields: 2,
      total_size_bytes: 15,
      fields: { log: '[1,2]'.length, user_id: '"user_123"'.length },
    });
  });
});

test('TTL Settings: an hour by default, two hours for one field, half an hour for all', async () => {
  const id = newConversation();
  const { fields } = getMemory(id);
  await fields.set('usual', 'value');
  await fields.set('key', 'value', { ttl_seconds: 7200 });
  expect([await ttlOf(id, 'usual'), await ttlOf(id, 'key')]).toEqual([about(HOUR), about(7200)]);
  expect(await fields.setTtl(1800)).toBe(2);
  expect([await ttlOf(id, 'usual'), await ttlOf(id, 'key')]).toEqual([about(1800), about(1800)]);
});

describe('Memory Cleanup', () => {
  test('cleanup_expired_conversations(max_age_seconds=86400) leaves what was written today', async () => {
    const [fresh, asked] = [getMemory(newConversation()), getMemory(newConversation())];
    await fresh.fields.set('key', 'value');
    await asked.fields.set('key', 'value', { ttl_seconds: 2 * DAY });
    expect(await manager().cleanUpFields(DAY)).toBe(0);
    expect((await stack.api().post('/fields/cleanup')).body, 'the same by default').toEqual({ cleaned: 0 });
    expect([await fresh.fields.has('key'), await asked.fields.has('key')]).toEqual([true, true]);
    // With a clock: test/memory/field-stats.test.ts lets a day and a second pass.
  });

  test('cleanup_conversation and clear_all', async () => {
    const memory = getMemory(newConversation());
    await memory.fields.set('key', 'value');
    await memory.messages.add('user', 'Hello');
    await memory.clear();
    expect(await memory.fields.size()).toEqual({ total_fields: 0, total_size_bytes: 0, fields: {} });
  });
});

test('Redis Key Structure: one key a field, under its conversation', async () => {
  const id = newConversation();
  const { fields } = getMemory(id);
  await fields.update({ user_preferences: {}, uppercase_stats: 1 });
  await fields.append('activity_log', 1);
  const ours = (await stack.redis.keys()).filter((key) => key.startsWith(`{default|s|${id}}f|`));
  expect(ours.map((key) => key.slice(key.lastIndexOf('|') + 1)).sort()).toEqual(['activity_log', 'uppercase_stats', 'user_preferences']);
});

describe('Best Practices', () => {
  test('Batch operations: update is one call, and all or none', async () => {
    const { fields } = getMemory(newConversation());
    const refused = fields.update({ fine: 1, large: 'x'.repeat(262_145) });
    await expect(refused).rejects.toMatchObject({ code: 'field_too_large', status: 413 });
    expect(await fields.keys()).toEqual([]);
  });

  test('Limit list sizes: a list is rotated as it grows', async () => {
    const { fields } = getMemory(newConversation());
    for (let n = 1; n <= 5; n++) await fields.append('activity_log', n, { max_length: 3 });
    expect(await fields.get('activity_log')).toEqual([3, 4, 5]);
  });
});

test('Memory Monitoring: every conversation with its fields and bytes', async () => {
  const ids = [newConversation(), newConversation()].sort();
  for (const id of ids) await getMemory(id).fields.update({ a: 1, b: [1] });
  const stats = await manager().fieldStats({ limit: 100 });
  const lines = stats.conversations.filter(({ conversation_id }) => ids.includes(conversation_id));
  expect(lines.toSorted((a, b) => (a.conversation_id < b.conversation_id ? -1 : 1))).toEqual(
    ids.map((conversation_id) => ({ conversation_id, total_fields: 2, total_size_bytes: 4 })),
  );
});

describe('Cleanup Strategies', () => {
  test('a conversation that ends is cleaned up, and the others are not', async () => {
    const [ended, other] = [getMemory(newConversation()), getMemory(newConversation())];
    for (const memory of [ended, other]) await memory.fields.set('key', 'value');
    await ended.clear(); // end_conversation
    expect([await ended.fields.has('key'), await other.fields.has('key')]).toEqual([false, true]);
  });
});

describe('Error Handling', () => {
  test('a safe get with a default', async () => {
    expect(await getMemory(newConversation()).fields.get('key', 'default_value')).toBe('default_value');
  });

  test('a missing key is an exception, after which it is initialised', async () => {
    const { fields } = getMemory(newConversation());
    let required_value: string;
    try {
      required_value = await fields.get<string>('required_key');
    } catch (error) {
      expect(error).toBeInstanceOf(FieldNotFound); // KeyError
      await fields.set('required_key', 'initial_value');
      required_value = 'initial_value';
    }
    expect(await fields.get('required_key')).toBe(required_value);
  });

  test('to pop from an empty list is an exception of its own', async () => {
    const { fields } = getMemory(newConversation());
    await fields.set('my_list', []);
    await expect(fields.pop('my_list')).rejects.toBeInstanceOf(ListEmpty); // IndexError
    expect(await fields.pop('my_list', -1, null)).toBe(null);
  });
});

// "SMS Assistant with Memory" is examples/sms-assistant.ts; test/examples/sms-assistant.test.ts runs it. This is its process() alone.
test('Integration Examples: SMS Assistant with Memory', async () => {
  const id = newConversation();
  const say = async (text: string, process: number) => {
    const memory = getMemory(id, process);
    await memory.messages.add('user', text);
    const prefs = await memory.fields.get('user_preferences', { language: 'auto', response_length: 'medium' });
    const history = await memory.messages.list({ limit: 5 });
    await memory.messages.add('assistant', `${prefs.language}, ${prefs.response_length}, ${history.length} messages back`);
    const stats = await memory.fields.get<{ message_count: number; last_activity?: number }>('conversation_stats', { message_count: 0 });
    await memory.fields.set('conversation_stats', { message_count: stats.message_count + 1, last_activity: now() });
  };
  for (const [n, text] of ['Hi', 'Are you there?', 'Good'].entries()) await say(text, n % 2);
  const memory = getMemory(id);
  expect(await memory.fields.get('conversation_stats')).toMatchObject({ message_count: 3, last_activity: expect.any(Number) });
  expect((await memory.messages.list()).at(-1)?.content).toBe('auto, medium, 5 messages back');
});
