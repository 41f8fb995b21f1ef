import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueKey } from '../functions/issue-key.ts';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let keys: { ours: string; ann: string; operator: string; theirs: string };
beforeAll(async () => {
  stack = await startStack({ settings: { AUTH_MODE: 'keys' } });
  const [ours, ann, operator, theirs] = await Promise.all([
    issueKey(stack.cosmos, { tenant: 'ours' }),
    issueKey(stack.cosmos, { tenant: 'ours', user_id: 'ann' }),
    issueKey(stack.cosmos, { tenant: 'ours', scopes: ['operator'] }),
    issueKey(stack.cosmos, { tenant: 'theirs' }),
  ]);
  keys = { ours, ann, operator, theirs };
}, 60_000);
afterAll(() => stack.stop());

const as = (who: keyof typeof keys) => (method: string, path: string, body?: unknown) =>
  stack.api().request(method, path, { body, headers: { 'x-api-key': keys[who] } });

test('the same key is another item for each user, for the tenant and for another tenant, in every tier', async () => {
  for (const tier of ['hot', 'warm', 'cold']) {
    await as('ours')('PUT', '/items/k', { value: 'of the tenant', tier });
    await as('ours')('PUT', '/items/k?user_id=bob', { value: 'of bob', tier });
    await as('ann')('PUT', '/items/k', { value: 'of ann', tier });
    const values = async (who: keyof typeof keys, query = '') => (await as(who)('GET', `/items/k${query}`)).body;
    expect((await values('ours')).value).toBe('of the tenant');
    expect((await values('ours', '?user_id=bob')).value).toBe('of bob');
    expect((await values('ours', '?user_id=ann')).value).toBe('of ann');
    expect((await values('ann')).value).toBe('of ann');
    expect(await values('theirs')).toMatchObject({ status: 404 });
    expect(await values('theirs', '?user_id=ann')).toMatchObject({ status: 404 });
    expect((await as('theirs')('DELETE', '/items/k')).status).toBe(404);
  }
});

test('a bound key reaches no other user, by no route', async () => {
  await as('ours')('PUT', '/items/secret?user_id=bob', { value: 1 });
  const asked: [string, string, unknown?][] = [
    ['GET', '/items/secret?user_id=bob'],
    ['HEAD', '/items/secret?user_id=bob'],
    ['PUT', '/items/secret?user_id=bob', { value: 2 }],
    ['DELETE', '/items/secret?user_id=bob'],
    ['GET', '/items?user_id=bob'],
    ['POST', '/items/mget?user_id=bob', { keys: ['secret'] }],
    ['POST', '/items/mset?user_id=bob', { items: { secret: 2 } }],
    ['POST', '/items/prefetch?user_id=bob', { keys: ['secret'] }],
    ['POST', '/items/demote', {}],
  ];
  for (const [method, path, body] of asked) expect((await as('ann')(method, path, body)).status, `${method} ${path}`).toBe(403);
  expect((await as('ours')('POST', '/items/demote', {})).body).toMatchObject({ code: 'scope_mismatch' });
  expect((await as('operator')('POST', '/items/demote')).body).toMatchObject({ complete: true });
  expect((await as('ours')('GET', '/items/secret?user_id=bob')).body.value).toBe(1);
  expect((await as('ann')('POST', '/items/mget', { keys: ['secret'] })).body).toEqual({ items: { secret: null }, missing: ['secret'] });
  const listed = await as('ann')('GET', '/items');
  expect(listed.body.items.map(({ key }: { key: string }) => key)).toEqual(['k']);
});

test('a batch with an Idempotency-Key is put once', async () => {
  const send = (items: object, idempotencyKey: string) =>
    stack.api().post('/items/mset', { items }, { headers: { 'x-api-key': keys.ann, 'idempotency-key': idempotencyKey } });
  const first = await send({ a: 1, b: [] }, 'batch-1');
  expect(first.body).toMatchObject({ duplicate: false, results: { a: { status: 'success' }, b: { status: 'success' } } });
  await as('ann')('PUT', '/items/a', { value: 'later' });
  expect((await send({ a: 1, b: [] }, 'batch-1')).body).toEqual({ ...first.body, duplicate: true });
  expect((await send({ a: 2 }, 'batch-1')).body).toMatchObject({ status: 409, code: 'idempotency_mismatch' });
  expect((await as('ann')('GET', '/items/a')).body.value).toBe('later');
});
