import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueKey } from '../functions/issue-key.ts';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { AUTH_MODE: 'keys' } });
}, 120_000);
afterAll(() => stack.stop());

async function caller(grant: Parameters<typeof issueKey>[1]) {
  const headers = { 'x-api-key': await issueKey(stack.cosmos, grant) };
  return (method: string, path: string, body?: unknown) => stack.api().request(method, path, { body, headers });
}
const fresh = () => `t-${randomUUID()}`;

/** Every route of a session that does not create one, with a body that it takes. */
const ROUTES: [method: string, path: string, body?: unknown][] = [
  ['GET', ''],
  ['GET', '/messages'],
  ['GET', '/messages/count'],
  ['GET', '/context'],
  ['GET', '/config'],
  ['GET', '/state'],
  ['PUT', '/state', { a: 1 }],
  ['GET', '/stats'],
  ['GET', '/summaries'],
  ['POST', '/summaries', { summary: 'x' }],
  ['DELETE', '/buffer'],
  ['DELETE', '/summaries'],
  ['DELETE', '/memory'],
];
const CREATING: typeof ROUTES = [
  ['POST', '/messages', { role: 'user', content: 'x' }],
  ['PUT', '/config', { max_buffer_messages: 5 }],
];

test("a key bound to a user reaches its own sessions, and finds neither another user's nor an anonymous one", async () => {
  const tenant = fresh();
  const [all, ada, bob] = await Promise.all([caller({ tenant }), caller({ tenant, user_id: 'ada' }), caller({ tenant, user_id: 'bob' })]);
  await ada('POST', '/sessions/s/messages', { role: 'user', content: 'I live in Berlin.' });
  await all('POST', '/sessions/anonymous/messages', { role: 'user', content: 'Hello.' });
  for (const [method, path, body] of [...ROUTES, ...CREATING]) {
    const what = `${method} ${path}`;
    expect(await bob(method, `/sessions/s${path}`, body), what).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect((await bob(method, `/sessions/anonymous${path}`, body)).status, what).toBe(404);
    expect(await bob(method, `/sessions/s${path}?user_id=ada`, body), what).toMatchObject({
      status: 403,
      body: { code: 'scope_mismatch' },
    });
  }
  expect((await ada('GET', '/sessions/s/messages')).body.messages[0].content).toBe('I live in Berlin.');
  expect((await all('GET', '/sessions/s')).body).toMatchObject({ user_id: 'ada', message_count: 1, config: { max_buffer_messages: 30 } });
  expect((await all('GET', '/sessions/anonymous')).body).toMatchObject({ user_id: null, message_count: 1 });
});

test('tenants have the same sessions without seeing, changing or deleting each other', async () => {
  const [one, other] = await Promise.all([caller({ tenant: fresh() }), caller({ tenant: fresh() })]);
  await one('POST', '/sessions/s/messages', { role: 'user', content: 'one' });
  for (const [method, path, body] of ROUTES)
    expect((await other(method, `/sessions/s${path}`, body)).status, `${method} ${path}`).toBe(404);
  for (const [method, path, body] of CREATING) expect((await other(method, `/sessions/s${path}`, body)).status).toBeLessThan(300);
  expect((await other('DELETE', '/sessions/s/memory')).status).toBe(200);
  expect((await one('GET', '/sessions/s/messages')).body.messages.map((m: { content: string }) => m.content)).toEqual(['one']);
});

test.each(['a%20b', 'a%7Cb', '..%2Fb', 'x'.repeat(129)])('the session id %s is refused', async (id) => {
  const all = await caller({ tenant: fresh() });
  for (const [method, path, body] of [...ROUTES, ...CREATING]) {
    expect((await all(method, `/sessions/${id}${path}`, body)).status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
  }
});
