import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createMemoryClient,
  FieldNotFound,
  IndexOutOfRange,
  KeepsakeError,
  ListEmpty,
  PreconditionFailed,
  SessionNotFound,
  TooLarge,
  Unavailable,
  ValueNotFound,
  WrongType,
} from '../../src/lib/client/client.ts';
import { issueKey } from '../functions/issue-key.ts';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let guarded: Stack;
beforeAll(async () => {
  [stack, guarded] = await Promise.all([startStack(), startStack({ settings: { AUTH_MODE: 'keys' } })]);
});
afterAll(() => Promise.all([stack.stop(), guarded.stop()]));

const baseUrl = () => `${stack.api().url}/api`;
const open = (options: { fetch?: typeof fetch } = {}) => createMemoryClient({ baseUrl: baseUrl(), ...options });
const fresh = (options?: { fetch?: typeof fetch }) => open(options).session(`s-${randomUUID()}`, { user_id: `u-${randomUUID()}` });

describe('fields', () => {
  test('have the habits of a dict', async () => {
    const { fields } = fresh();
    expect(await fields.keys()).toEqual([]);
    await fields.set('user_id', 'user_123');
    await fields.set('preferences', { language: 'en', theme: 'dark' }, { ttl_seconds: 7200 });
    await fields.update({ session_count: 1, nothing: null });
    expect(await fields.get('user_id')).toBe('user_123');
    expect(await fields.get('nothing', 'not null')).toBe(null);
    expect(await fields.get('none', { language: 'auto' })).toEqual({ language: 'auto' });
    expect(await fields.get('none', undefined)).toBe(undefined);
    expect([await fields.has('user_id'), await fields.has('none')]).toEqual([true, false]);
    expect(await fields.keys()).toEqual(['nothing', 'preferences', 'session_count', 'user_id']);
    expect(await fields.items()).toEqual([
      ['nothing', null],
      ['preferences', { language: 'en', theme: 'dark' }],
      ['session_count', 1],
      ['user_id', 'user_123'],
    ]);
    expect(await fields.increment('session_count')).toBe(2);
    expect(await fields.increment('rating', 0.5)).toBe(0.5);
    expect([await fields.delete('user_id'), await fields.delete('user_id')]).toEqual([true, false]);
    expect(await fields.setTtl(1800)).toBe(4);
    expect(await fields.size()).toMatchObject({ total_fields: 4, fields: { nothing: 4 } });
    expect(await fields.clear()).toBe(4);
  });

  test('have the habits of lists', async () => {
    const { fields } = fresh();
    expect(await fields.append('log', 1)).toBe(1);
    expect(await fields.extend('log', [2, 3, { four: 4 }])).toBe(4);
    expect(await fields.insert('log', 0, 'zero')).toBe(5);
    expect(await fields.length('log')).toBe(5);
    expect(await fields.slice('log', -2)).toEqual([3, { four: 4 }]);
    expect(await fields.slice('log', 0, 2)).toEqual(['zero', 1]);
    expect(await fields.pop('log')).toEqual({ four: 4 });
    expect(await fields.pop('log', 0)).toBe('zero');
    expect(await fields.remove('log', 2)).toBe(2);
    expect(await fields.append('log', 5, { max_length: 2 })).toBe(2);
    expect(await fields.get('log')).toEqual([3, 5]);
    expect(await fields.pop('none', -1, null)).toBe(null);
    expect(await fields.length('none')).toBe(0);
  });

  test('throw what went wrong', async () => {
    const { fields } = fresh();
    await fields.update({ text: 'a', list: [1], empty: [] });
    await expect(fields.get('none')).rejects.toBeInstanceOf(FieldNotFound);
    await expect(fields.pop('empty')).rejects.toBeInstanceOf(ListEmpty);
    await expect(fields.pop('list', 5)).rejects.toBeInstanceOf(IndexOutOfRange);
    await expect(fields.remove('list', 2)).rejects.toBeInstanceOf(ValueNotFound);
    await expect(fields.append('text', 1)).rejects.toBeInstanceOf(WrongType);
    await expect(fields.set('large', 'x'.repeat(300_000))).rejects.toBeInstanceOf(TooLarge);
    for (const name of ['', '.', '..']) await expect(fields.delete(name)).rejects.toMatchObject({ code: 'invalid_id', status: 400 });
    const refused = (await fields.set('a', 1, { ttl_seconds: -1 }).catch((error: unknown) => error)) as KeepsakeError;
    expect(refused).toBeInstanceOf(KeepsakeError);
    expect(refused).toMatchObject({ code: 'invalid_body', status: 400, errors: [{ path: 'ttl_seconds', message: expect.any(String) }] });
    expect(refused.detail).toContain('ttl_seconds');
    expect(refused.request_id).toMatch(/\S/);
  });

  test('are edited without losing what others wrote meanwhile', async () => {
    const { fields } = fresh();
    const count = () => fields.edit('stats', (stats: { count: number }) => ({ count: stats.count + 1 }), { fallback: { count: 0 } });
    await Promise.all(Array.from({ length: 10 }, count));
    expect(await fields.get('stats')).toEqual({ count: 10 });
    await expect(fields.edit('none', (value: number) => value)).rejects.toBeInstanceOf(FieldNotFound);
  }, 60_000);
});

describe('a session', () => {
  test('is started, stored to, read and ended', async () => {
    const session = fresh();
    expect((await session.start()).restored).toBe(false);
    expect(await session.store({ user_message: 'I sail.', agent_message: 'Where?' })).toMatchObject({ seq: 2, duplicate: false });
    const context = await session.context({ max_tokens: 500 });
    expect(context.active_context).toMatchObject([{ user_message: 'I sail.', agent_message: 'Where?' }]);
    expect(await session.end()).toMatchObject({ status: 'success', turns_count: 1 });
  });

  test('takes single messages and lists them', async () => {
    const { messages, context } = fresh();
    expect(await messages.add('user', 'Hello', { metadata: { channel: 'sms' } })).toMatchObject({ seq: 1 });
    await messages.add('assistant', 'Hi');
    expect(await messages.list()).toMatchObject([
      { role: 'user', content: 'Hello', metadata: { channel: 'sms' } },
      { role: 'assistant', content: 'Hi' },
    ]);
    expect(await messages.list({ limit: 1 })).toMatchObject([{ content: 'Hi' }]);
    expect(await messages.count()).toBe(2);
    expect((await context()).messages).toHaveLength(2);
  });

  test('asks for contexts that include what it stored', async () => {
    const asked: unknown[] = [];
    const watching: typeof fetch = (input, init) => {
      if (String(input).endsWith('/memory/context')) asked.push(JSON.parse(String(init?.body)).at_least_seq);
      return fetch(input, init);
    };
    const session = fresh({ fetch: watching });
    await session.start();
    await session.context();
    await session.store({ messages: [{ role: 'user', content: 'One' }] });
    await session.context();
    await session.messages.add('assistant', 'Two');
    await session.context();
    await session.context({ at_least_seq: 1 });
    expect(asked).toEqual([undefined, 1, 2, 1]);
  });
});

describe('an answer that got lost', () => {
  /** Lets the first request of each kind through and loses its answer. */
  function losing() {
    const lost = new Set<string>();
    const calls: string[] = [];
    const send: typeof fetch = async (input, init) => {
      const kind = `${init?.method} ${String(input)}`;
      const response = await fetch(input, init);
      await response.text();
      calls.push(kind);
      if (lost.has(kind)) return fetch(input, init);
      lost.add(kind);
      throw new TypeError('fetch failed');
    };
    return { send, calls };
  }

  test('is asked for again, and what it was about is done once', async () => {
    const { send } = losing();
    const session = fresh({ fetch: send });
    expect(await session.store({ user_message: 'I sail.', agent_message: 'Where?' })).toMatchObject({ seq: 2 });
    expect((await session.context()).active_context).toHaveLength(1);
    expect(await session.messages.add('user', 'Kiel')).toMatchObject({ seq: 3 });
    expect(await session.fields.append('log', 1)).toBe(1);
    expect(await session.fields.increment('n', 0.5)).toBe(0.5);
    await session.fields.set('list', [1, 2]);
    expect(await session.fields.pop('list')).toBe(2);
    expect(await session.fields.get('list')).toEqual([1]);
  });

  test('of a conditional write is not: whether it was done only a new read can tell', async () => {
    const { send, calls } = losing();
    const { fields } = fresh({ fetch: send });
    await expect(fields.edit('n', (n: number) => n + 1, { fallback: 0 })).rejects.toBeInstanceOf(Unavailable);
    expect(calls.filter((call) => call.startsWith('PUT'))).toHaveLength(1);
  });

  test('twice is an error that says so', async () => {
    const nobody = createMemoryClient({ baseUrl: 'http://127.0.0.1:1/api' }).session('s');
    const error = await nobody.fields.get('a', 'fallback').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).toMatchObject({ code: 'unreachable', status: 0, detail: expect.stringContaining('http://127.0.0.1:1/api') });
  });

  test('or one that takes too long', async () => {
    const never: typeof fetch = (_input, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    const slow = createMemoryClient({ baseUrl: baseUrl(), fetch: never, timeoutMs: 30 });
    await expect(slow.session('s').fields.keys()).rejects.toBeInstanceOf(Unavailable);
  });

  test('an answer that is not ours is an error like others', async () => {
    const page: typeof fetch = async () => new Response('<html>Bad gateway</html>', { status: 502 });
    await expect(fresh({ fetch: page }).fields.keys()).rejects.toMatchObject({ code: 'http_502', status: 502 });
    const busy: typeof fetch = async () => new Response('{"code":"tier_unavailable"}', { status: 503, headers: { 'retry-after': '7' } });
    await expect(fresh({ fetch: busy }).fields.keys()).rejects.toMatchObject({ name: 'Unavailable', retry_after_seconds: 7 });
  });
});

test('a key is sent, and the user is checked', async () => {
  const tenant = `t-${randomUUID()}`;
  const client = async (grant: { user_id?: string } = {}) =>
    createMemoryClient({ baseUrl: `${guarded.api().url}/api/`, apiKey: await issueKey(guarded.cosmos, { tenant, ...grant }) });
  const [all, ada] = [await client(), await client({ user_id: 'ada' })];
  await ada.session('s').fields.set('a', 1);
  await ada.session('s').store({ user_message: 'Hello', agent_message: 'Hi' });
  expect(await all.session('s', { user_id: 'ada' }).fields.get('a')).toBe(1);
  await expect(all.session('s', { user_id: 'bob' }).fields.get('a')).rejects.toBeInstanceOf(SessionNotFound);
  await expect(ada.session('s', { user_id: 'bob' }).fields.get('a')).rejects.toMatchObject({ code: 'scope_mismatch' });
  const anybody = createMemoryClient({ baseUrl: `${guarded.api().url}/api` });
  await expect(anybody.session('s').fields.get('a')).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
});

test('PreconditionFailed is thrown to who gives up editing', async () => {
  const { fields } = fresh();
  await fields.set('n', 0);
  const contested = fields.edit('n', async (n: number) => {
    await fields.increment('n');
    return n;
  });
  await expect(contested).rejects.toBeInstanceOf(PreconditionFailed);
}, 60_000);
