import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const fresh = () => ({ user_id: `u-${randomUUID()}`, session_id: `s-${randomUUID()}` });
type Who = ReturnType<typeof fresh>;
interface Result {
  id: string;
  kind: string;
  text: string;
  session_id: string;
  sources: string[];
  timestamp: string;
  score: number;
  role?: string;
  name?: string;
  explain?: Record<string, number>;
}

/** Waits until the clock shows a later time, and answers it. */
async function nextMillisecond(): Promise<string> {
  const begun = Date.now();
  while (Date.now() === begun) await setImmediate();
  return new Date().toISOString();
}

async function say(who: Who, content: string, more: object = {}): Promise<void> {
  const answer = await stack.api().post('/memory/store', { ...who, messages: [{ role: 'user', content, ...more }] });
  expect(answer.status).toBe(200);
}
async function retrieve(body: object): Promise<Result[]> {
  const answer = await stack.api().post('/memory/retrieve', body);
  expect(answer.status).toBe(200);
  expect(answer.body.facts).toEqual(answer.body.results.map(({ text }: Result) => text));
  expect(answer.body.count).toBe(answer.body.results.length);
  return answer.body.results;
}
const texts = (results: Result[]) => results.map(({ text }) => text);
const end = (who: Who) => stack.api().post('/sessions/end', { ...who, wait_ms: 20_000 });

test('what was said in any session of the user is found with its message, and nothing of anybody else', async () => {
  const who = fresh();
  const later = { ...fresh(), user_id: who.user_id };
  const stranger = fresh();
  await say(who, 'My sister keeps llamas in Wales.', { message_id: 'llamas-1', name: 'Nora' });
  await say(later, 'I bought a kettle.');
  await say(stranger, 'My llamas are better than your llamas.');
  const [best, ...others] = await retrieve({ user_id: who.user_id, session_id: later.session_id, query: 'llamas' });
  expect(best).toMatchObject({
    kind: 'turn',
    id: 'llamas-1',
    sources: ['llamas-1'],
    session_id: who.session_id,
    role: 'user',
    name: 'Nora',
  });
  expect(others).toEqual([]);
});

test('filters: kinds, one session, a range of time', async () => {
  const who = fresh();
  const other = { ...fresh(), user_id: who.user_id };
  await say(who, 'I am a vegetarian and I live in Lisbon.', { created_at: '2026-01-10T09:00:00Z' });
  await say(other, 'Lisbon is sunny.', { created_at: '2026-03-10T09:00:00Z' });
  await end(who);
  const ask = { user_id: who.user_id, query: 'a vegetarian in Lisbon', top_k: 20 };
  expect(new Set((await retrieve(ask)).map(({ kind }) => kind))).toEqual(new Set(['turn', 'fact', 'insight', 'summary']));
  for (const kind of ['turn', 'fact', 'insight', 'summary']) {
    const found = await retrieve({ ...ask, kinds: [kind] });
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((result) => result.kind === kind)).toBe(true);
  }
  expect(texts(await retrieve({ ...ask, only_session_id: other.session_id }))).toEqual(['Lisbon is sunny.']);
  expect(texts(await retrieve({ ...ask, kinds: ['turn'], from: '2026-02-01' }))).toEqual(['Lisbon is sunny.']);
  expect(texts(await retrieve({ ...ask, kinds: ['turn'], to: '2026-02-01' }))).toEqual(['I am a vegetarian and I live in Lisbon.']);
});

test('closed facts are left out unless they are asked for, or held at the time that is asked about', async () => {
  const who = fresh();
  const later = { ...fresh(), user_id: who.user_id };
  await say(who, 'I live in Berlin.', { created_at: '2026-01-10T09:00:00Z' });
  await end(who);
  await say(later, 'I moved, I live in Lisbon now.', { created_at: '2026-03-10T09:00:00Z' });
  await end(later);
  const ask = { user_id: who.user_id, query: 'Where does the user live?', kinds: ['fact'] };
  expect(texts(await retrieve(ask))).toEqual([expect.stringContaining('Lisbon')]);
  const all = texts(await retrieve({ ...ask, include_closed: true })).join(' ');
  expect(all).toContain('Berlin');
  expect(all).toContain('Lisbon');
  expect(texts(await retrieve({ ...ask, as_of: '2026-02-01T00:00:00Z' }))).toEqual([expect.stringContaining('Berlin')]);
  expect(texts(await retrieve({ ...ask, kinds: ['turn'], as_of: '2026-02-01T00:00:00Z' }))).toEqual(['I live in Berlin.']);
});

test('as_of finds an edited fact in the words that it had then', async () => {
  const { user_id } = fresh();
  const added = await stack.api().post(`/users/${user_id}/facts`, { text: 'The cellar code is mahogany.' });
  expect(added.status).toBe(201);
  const then = await nextMillisecond(); // an edit in the same one would leave the first wording no time
  await nextMillisecond();
  const edited = await stack
    .api()
    .request('PATCH', `/users/${user_id}/facts/${added.body.id}`, { body: { text: 'The cellar code is walnut.' } });
  expect(edited.status).toBe(200);
  const ask = { user_id, query: 'cellar code', kinds: ['fact'], include_closed: true };
  expect(texts(await retrieve(ask))).toEqual(['The cellar code is walnut.']);
  expect(texts(await retrieve({ ...ask, as_of: then }))).toEqual(['The cellar code is mahogany.']);
  expect(texts(await retrieve({ ...ask, query: 'mahogany' }))).toEqual([]);
});

test('topics name what facts and summaries are about', async () => {
  const who = fresh();
  await say(who, 'I am allergic to peanuts and I live in Lisbon.');
  await end(who);
  const found = await retrieve({
    user_id: who.user_id,
    query: 'What about the user, peanuts or Lisbon?',
    kinds: ['fact'],
    topics: ['PEANUTS'],
  });
  expect(texts(found)).toEqual([expect.stringContaining('peanuts')]);
});

test('explain gives the parts of each score', async () => {
  const who = fresh();
  await say(who, 'I sail every weekend.');
  const [plain] = await retrieve({ user_id: who.user_id, query: 'When do I sail?' });
  expect(plain?.explain).toBeUndefined();
  const [result] = await retrieve({ user_id: who.user_id, query: 'When do I sail?', explain: true });
  const parts = Object.values(result?.explain ?? {});
  expect(parts.reduce((a, b) => a + b, 0)).toBeCloseTo(result?.score ?? 0, 2);
});

test('a deleted session is found no more, by the instance that had it at hand either', async () => {
  const who = fresh();
  await say(who, 'The password of the gate is walnut.');
  expect(await retrieve({ user_id: who.user_id, query: 'walnut' })).toHaveLength(1);
  expect((await stack.api().request('DELETE', `/sessions/${who.session_id}/memory?user_id=${who.user_id}`)).status).toBe(200);
  expect(await retrieve({ user_id: who.user_id, query: 'walnut' })).toEqual([]);
});

test('a context with a query brings relevant memories with their dates and speakers, and nothing it says already', async () => {
  const who = fresh();
  const now = { ...fresh(), user_id: who.user_id };
  await say(who, 'My sister keeps llamas in Wales.', { created_at: '2026-01-10T09:00:00Z', name: 'Nora' });
  await say(now, 'Tell me about llamas.');
  const { body } = await stack.api().post('/memory/context', { ...now, query: 'Who keeps llamas?' });
  expect(body.formatted_context).toContain('### Relevant Memories\n- [2026-01-10] Nora: My sister keeps llamas in Wales.');
  expect(body.formatted_context.split('Tell me about llamas.')).toHaveLength(2);
});
