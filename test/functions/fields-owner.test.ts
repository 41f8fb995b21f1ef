import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '../support/api.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { issueKey } from './issue-key.ts';
import { expectProblem } from './problem.ts';
import { send } from './wire.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { AUTH_MODE: 'keys' } });
});
afterAll(() => stack.stop());

async function caller(grant: Parameters<typeof issueKey>[1]) {
  const headers = { 'x-api-key': await issueKey(stack.cosmos, grant), 'content-type': 'application/json' };
  const call = (method: string, path: string, body?: Json) =>
    send(`${stack.api().url}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
  return {
    call,
    get: (path: string) => call('GET', path),
    put: (path: string, value: Json) => call('PUT', path, { value }),
  };
}
const fresh = () => `t-${randomUUID()}`;

test('tenants have the same sessions and fields without seeing each other', async () => {
  const [one, other] = await Promise.all([caller({ tenant: fresh() }), caller({ tenant: fresh() })]);
  await one.put('/sessions/s/fields/secret', 'one');
  expectProblem(await other.get('/sessions/s/fields/secret'), 'field_not_found');
  await other.put('/sessions/s/fields/secret', 'other');
  await other.call('DELETE', '/sessions/s/fields');
  expect((await one.get('/sessions/s/fields/secret')).body.value).toBe('one');
});

test("a session's fields are its user's", async () => {
  const tenant = fresh();
  const [all, ada, bob] = await Promise.all([caller({ tenant }), caller({ tenant, user_id: 'ada' }), caller({ tenant, user_id: 'bob' })]);
  await all.call('POST', '/memory/store', { user_id: 'ada', session_id: 's', user_message: 'Hello', agent_message: 'Hi' });
  await all.put('/sessions/s/fields/from', 'backend');
  expect((await ada.get('/sessions/s/fields/from')).body.value).toBe('backend');
  expect((await all.get('/sessions/s/fields/from?user_id=ada')).body.value).toBe('backend');
  await stack.redis.flush(); // the user is then known from the directory alone
  await ada.put('/sessions/s/fields/from', 'ada');
  const asks = [
    bob.get('/sessions/s/fields'),
    bob.get('/sessions/s/fields/from?default=1'),
    bob.put('/sessions/s/fields/from', 'bob'),
    bob.call('POST', '/sessions/s/fields/from/append', { value: 1 }),
    bob.call('DELETE', '/sessions/s/fields'),
    bob.call('PUT', '/sessions/s/ttl', { ttl_seconds: 1 }),
    bob.get('/sessions/s/size'),
    all.get('/sessions/s/fields/from?user_id=bob'),
  ];
  for (const answer of await Promise.all(asks)) expectProblem(answer, 'session_not_found');
  expectProblem(await bob.get('/sessions/s/fields?user_id=ada'), 'scope_mismatch');
  expect((await all.get('/sessions/s/fields/from')).body.value).toBe('ada');
});

test('without a record they belong to the user under whom they were begun', async () => {
  const tenant = fresh();
  const [all, ada, bob] = await Promise.all([caller({ tenant }), caller({ tenant, user_id: 'ada' }), caller({ tenant, user_id: 'bob' })]);
  await ada.put('/sessions/new/fields/a', 1);
  expectProblem(await bob.get('/sessions/new/fields'), 'session_not_found');
  expectProblem(await bob.put('/sessions/new/fields/b', 1), 'session_not_found');
  expectProblem(await all.get('/sessions/new/fields?user_id=bob'), 'session_not_found');
  expect((await all.get('/sessions/new/fields')).body.count).toBe(1);
  await all.put('/sessions/unnamed/fields/a', 1);
  expectProblem(await ada.get('/sessions/unnamed/fields'), 'session_not_found');
  expect((await all.get('/sessions/unnamed/fields?user_id=ada')).body.count).toBe(1);
  await ada.call('DELETE', '/sessions/new/fields');
  expect((await bob.put('/sessions/new/fields/b', 1)).status).toBe(200);
});

test('an anonymous session stays so', async () => {
  const tenant = fresh();
  const [all, ada] = await Promise.all([caller({ tenant }), caller({ tenant, user_id: 'ada' })]);
  await all.call('POST', '/memory/store', { session_id: 'anon', user_message: 'Hello', agent_message: 'Hi' });
  expect((await all.put('/sessions/anon/fields/a', 1)).status).toBe(200);
  expectProblem(await ada.get('/sessions/anon/fields'), 'session_not_found');
});

test('figures and clean-up are for operators, each of its own tenant', async () => {
  const tenant = fresh();
  const [user, operator] = await Promise.all([caller({ tenant }), caller({ tenant, scopes: ['operator'] })]);
  await user.put('/sessions/s/fields/a', 'abc');
  expectProblem(await user.get('/fields/stats'), 'scope_mismatch');
  expectProblem(await user.call('POST', '/fields/cleanup', {}), 'scope_mismatch');
  expect((await operator.get('/fields/stats')).body).toEqual({
    total_conversations: 1,
    conversations: [{ conversation_id: 's', total_fields: 1, total_size_bytes: 5 }],
    next_cursor: null,
  });
});
