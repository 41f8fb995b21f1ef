import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { issueKey } from './issue-key.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { AUTH_MODE: 'keys' } });
});
afterAll(() => stack.stop());

/** GET with a key. */
const reader = (key: string) => (path: string) => stack.api().get(path, { headers: { 'x-api-key': key } });

test('a bound key sees its own jobs and usage alone, and cannot ask for another user; another tenant has neither', async () => {
  const [own, bound, stranger] = await Promise.all([
    issueKey(stack.cosmos, { tenant: 'ours' }),
    issueKey(stack.cosmos, { tenant: 'ours', user_id: 'ann' }),
    issueKey(stack.cosmos, { tenant: 'theirs' }),
  ]);
  for (const user_id of ['ann', 'bob']) {
    const headers = { 'x-api-key': own };
    const who = { user_id, session_id: `of-${user_id}` };
    await stack.api().post('/memory/store', { ...who, user_message: 'I live in Berlin.', agent_message: 'Noted.' }, { headers });
    await stack.api().post('/sessions/end', { ...who, wait_ms: 10_000 }, { headers });
  }
  const users = async (key: string) => (await reader(key)('/jobs')).body.jobs.map((job: { user_id: string }) => job.user_id).toSorted();
  expect(await users(own)).toEqual(['ann', 'bob']);
  expect(await users(bound)).toEqual(['ann']);
  expect(await users(stranger)).toEqual([]);

  const calls = async (key: string, query = '') => (await reader(key)(`/usage${query}`)).body.totals.calls;
  const all = await calls(own);
  expect(await calls(bound)).toBe(await calls(own, '?user_id=ann'));
  expect(await calls(bound)).toBeGreaterThan(0);
  expect(await calls(bound)).toBeLessThan(all);
  expect(await calls(bound, '?session_id=of-bob')).toBe(0);
  expect(await calls(stranger)).toBe(0);
  expect((await reader(bound)('/usage?user_id=bob')).body).toMatchObject({ status: 403, code: 'scope_mismatch' });
  expect((await stack.api().get('/usage')).status).toBe(401);
});
