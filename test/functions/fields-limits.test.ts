import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedisClient } from '../../src/lib/connect/redis.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { fieldRoutes, ok } from './field-routes.ts';
import { expectProblem } from './problem.ts';
import { send } from './wire.ts';

// A thousand fields take the Redis stand-in longer than Redis, on a machine that does other things too.
const PATIENT = { REDIS_COMMAND_TIMEOUT_MS: '10000', REDIS_SOCKET_TIMEOUT_MS: '10000' };

let stack: Stack;
let redis: RedisClient;
beforeAll(async () => {
  stack = await startStack({ settings: PATIENT });
  redis = stack.redis.connect();
});
afterAll(async () => {
  redis.disconnect();
  await stack.stop();
});
const fresh = () => fieldRoutes(stack);

describe('limits', () => {
  test('of one value: 256 KB of JSON, however it gets there', async () => {
    const { put, post, value } = fresh();
    const largest = 'x'.repeat(262_142);
    expect((await put('text', largest)).status).toBe(200);
    expectProblem(await put('text', `${largest}x`), 'field_too_large');
    expectProblem(await put('text', 'ü'.repeat(131_072)), 'field_too_large');
    await post('list/append', { value: 'x'.repeat(262_139) });
    expectProblem(await post('list/append', { value: 1 }), 'field_too_large');
    expectProblem(await post('list/insert', { index: 0, value: 1 }), 'field_too_large');
    ok(await post('list/append', { value: 1, max_length: 1 }), { length: 1 });
    expect([(await value('text')).length, await value('list')]).toEqual([262_142, [1]]);
  });

  test('of a session: a thousand fields', async () => {
    const { put, post, call, get } = fresh();
    const named = (count: number, from = 0) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${from + i}`, i]));
    expect((await call('PATCH', '/fields', { body: { fields: named(999) } })).body.count).toBe(999);
    expectProblem(await call('PATCH', '/fields', { body: { fields: named(2, 999) } }), 'too_many_fields');
    expect((await put('last', 1)).status).toBe(200);
    expectProblem(await put('more', 1), 'too_many_fields');
    expectProblem(await post('more/append', { value: 1 }), 'too_many_fields');
    expectProblem(await call('PATCH', '/fields', { body: { fields: named(1001) } }), 'too_many_fields');
    expect((await put('last', 2)).status).toBe(200);
    expect((await get('/fields')).body.count).toBe(1000);
    ok(await call('DELETE', '/fields'), { deleted: 1000 });
  });

  test('of a session: 4 MB; what is evicted makes room again', async () => {
    const { put, key, get } = fresh();
    const quarter = 'x'.repeat(262_142);
    for (let i = 0; i < 16; i++) expect((await put(`f${i}`, quarter)).status).toBe(200);
    expectProblem(await put('more', 1), 'fields_too_large');
    expect((await put('f0', 'smaller')).status).toBe(200);
    expect((await put('f0', quarter)).status).toBe(200);
    expect((await get('/size')).body.total_size_bytes).toBe(4_194_304);
    await redis.del(key('f|f3'));
    expect((await put('more', 1)).status).toBe(200);
    const { fields, count } = (await get('/fields')).body;
    expect([count, fields.f15.length]).toEqual([16, 262_142]);
  });

  test.each([
    ['no value', 'PUT', '/fields/a', { body: {}, code: 'invalid_body' }],
    ['a life of nothing', 'PUT', '/fields/a', { body: { value: 1, ttl_seconds: 0 }, code: 'invalid_body' }],
    ['a life of more than a year', 'PUT', '/fields/a', { body: { value: 1, ttl_seconds: 31_536_001 }, code: 'invalid_body' }],
    ['fields that are a list', 'PATCH', '/fields', { body: { fields: [] }, code: 'invalid_body' }],
    ['a name in a body that is none', 'PATCH', '/fields', { body: { fields: { 'a b': 1 } }, code: 'invalid_body' }],
    ['an index that is none', 'POST', '/fields/a/pop', { body: { index: 0.5 }, code: 'invalid_body' }],
    ['values that are none', 'POST', '/fields/a/extend', { body: { values: 'ab' }, code: 'invalid_body' }],
    ['a step that is a text', 'POST', '/fields/a/increment', { body: { by: '1' }, code: 'invalid_body' }],
    ['a name that is none', 'GET', '/fields/a%20b', { body: undefined, code: 'invalid_id' }],
    ['a name with a meaning of its own', 'GET', '/fields/__proto__', { body: undefined, code: 'invalid_id' }],
    ['an index in the query that is none', 'GET', '/fields/a?start=one', { body: undefined, code: 'invalid_query' }],
    ['a user that is none', 'GET', '/fields?user_id=a%20b', { body: undefined, code: 'invalid_id' }],
  ] as const)('refuses %s', async (...[, method, path, { body, code }]) => {
    const { call, get } = fresh();
    expectProblem(await call(method, path, { body }), code);
    expect((await get('/fields')).body.count).toBe(0);
  });

  test('a body that was dropped on its way is not taken for one that was left out', async () => {
    const { put, session } = fresh();
    await put('list', [1, 2]);
    const sent = await send(`${stack.api().url}/api/sessions/${session}/fields/list/pop`, {
      headers: { 'content-type': 'application/json' },
      body: '{"index":0}',
      chunked: true,
    });
    expectProblem(sent, 'missing_body');
  });
});
