import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedisClient } from '../../src/lib/connect/redis.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { onStandIn } from '../support/test-redis.ts';
import { fieldRoutes, ok } from './field-routes.ts';
import { expectProblem } from './problem.ts';

let stack: Stack;
let redis: RedisClient;
beforeAll(async () => {
  stack = await startStack();
  redis = stack.redis.connect();
  redis.on('error', () => {}); // cut off together with the app
});
afterAll(async () => {
  redis.disconnect();
  await stack.stop();
});
const fresh = () => fieldRoutes(stack);

describe('a dict', () => {
  test('of an unknown session is empty', async () => {
    const { get, call } = fresh();
    ok(await get('/fields'), { fields: {}, keys: [], count: 0 });
    ok(await get('/size'), { total_fields: 0, total_size_bytes: 0, fields: {} });
    ok(await call('DELETE', '/fields'), { deleted: 0 });
    ok(await call('DELETE', '/fields/none'), { deleted: false });
    ok(await call('PUT', '/ttl', { body: { ttl_seconds: 60 } }), { ttl_seconds: 60, count: 0 });
    expectProblem(await get('/fields/none'), 'field_not_found');
    expect((await call('HEAD', '/fields/none')).status).toBe(404);
  });

  test('sets, gets, lists, measures and deletes', async () => {
    const { get, put, call } = fresh();
    ok(await put('preferences', { language: 'en', theme: 'dark' }), {
      name: 'preferences',
      value: { language: 'en', theme: 'dark' },
      ttl_seconds: 3600,
    });
    ok(await call('PATCH', '/fields', { body: { fields: { last: 1.5, nothing: null } } }), {
      keys: ['last', 'nothing'],
      count: 2,
      ttl_seconds: 3600,
    });
    ok(await get('/fields/nothing'), { name: 'nothing', value: null, ttl_seconds: 3600 });
    const fields = { last: 1.5, nothing: null, preferences: { language: 'en', theme: 'dark' } };
    ok(await get('/fields'), { fields, keys: ['last', 'nothing', 'preferences'], count: 3 });
    ok(await get('/size'), { total_fields: 3, total_size_bytes: 39, fields: { last: 3, nothing: 4, preferences: 32 } });
    const has = await call('HEAD', '/fields/last');
    expect([has.status, has.text]).toEqual([200, '']);
    ok(await call('DELETE', '/fields/last'), { deleted: true });
    ok(await call('DELETE', '/fields/last'), { deleted: false });
    ok(await call('DELETE', '/fields'), { deleted: 2 });
    ok(await get('/fields'), { fields: {}, keys: [], count: 0 });
    expect((await stack.redis.keys()).filter((key) => key.includes('preferences'))).toEqual([]);
  });

  test('answers a default instead of 404 where asked', async () => {
    const { get, put } = fresh();
    ok(await get(`/fields/none?default=${encodeURIComponent('{"language":"auto"}')}`), {
      name: 'none',
      value: { language: 'auto' },
      ttl_seconds: null,
    });
    expectProblem(await get('/fields/none?default=auto'), 'invalid_query');
    await put('there', 1);
    expect((await get('/fields/there?default=null')).body.value).toBe(1);
  });

  test('keeps any JSON as it was', async () => {
    const { put, value, get } = fresh();
    const values = ['', 'ü 🌊 \u2028 " \\', [], {}, { a: [], b: {} }, [[], [[]], {}], 1e300, 9007199254740991, -0.5, false, null];
    for (const [i, given] of values.entries()) {
      await put(`v${i}`, given);
      expect(JSON.stringify(await value(`v${i}`))).toBe(JSON.stringify(given));
    }
    const { fields } = (await get('/fields')).body;
    expect(values.map((_, i) => JSON.stringify(fields[`v${i}`]))).toEqual(values.map((given) => JSON.stringify(given)));
  });
});

describe('a list', () => {
  test('grows, shrinks and is cut as in Python', async () => {
    const { get, put, post, value } = fresh();
    await put('log', []);
    ok(await post('log/append', { value: { action: 'login' } }), { length: 1 });
    ok(await post('log/extend', { values: [1, 'two', null] }), { length: 4 });
    ok(await post('log/insert', { index: 0, value: 'first' }), { length: 5 });
    ok(await post('log/insert', { index: 99, value: 'last' }), { length: 6 });
    ok(await post('log/insert', { index: -99, value: 'very first' }), { length: 7 });
    ok(await post('log/insert', { index: -1, value: 'before last' }), { length: 8 });
    expect(await value('log')).toEqual(['very first', 'first', { action: 'login' }, 1, 'two', null, 'before last', 'last']);
    ok(await get('/fields/log/length'), { length: 8 });
    expect((await get('/fields/log?start=-2')).body.value).toEqual(['before last', 'last']);
    expect((await get('/fields/log?start=1&stop=3')).body.value).toEqual(['first', { action: 'login' }]);
    expect((await get('/fields/log?start=5&stop=2')).body.value).toEqual([]);
    ok(await post('log/pop'), { value: 'last', length: 7 });
    ok(await post('log/pop', { index: 0 }), { value: 'very first', length: 6 });
    ok(await post('log/pop', { index: -2 }), { value: null, length: 5 });
    ok(await post('log/remove', { value: 1 }), { length: 4 });
    ok(await post('log/append', { value: 'newest', max_length: 2 }), { length: 2 });
    expect(await value('log')).toEqual(['before last', 'newest']);
  });

  test('that is not there is made where something is put in, and is empty otherwise', async () => {
    const { get, post, value } = fresh();
    ok(await get('/fields/none/length'), { length: 0 });
    expectProblem(await post('none/pop'), 'list_empty');
    expectProblem(await post('none/remove', { value: 1 }), 'value_not_found');
    ok(await post('a/append', { value: 1 }), { length: 1 });
    ok(await post('b/extend', { values: [] }), { length: 0 });
    ok(await post('c/insert', { index: 3, value: 1 }), { length: 1 });
    expect(await value('b')).toEqual([]);
    expect((await get('/fields')).body.keys).toEqual(['a', 'b', 'c']);
  });

  test('says what is wrong with an operation', async () => {
    const { get, put, post } = fresh();
    await put('list', [1]);
    await put('text', 'hello');
    expectProblem(await post('list/pop', { index: 1 }), 'index_out_of_range');
    expectProblem(await post('list/pop', { index: -2 }), 'index_out_of_range');
    expectProblem(await post('list/remove', { value: 2 }), 'value_not_found');
    for (const [verb, body] of [
      ['append', { value: 1 }],
      ['extend', { values: [] }],
      ['insert', { index: 0, value: 1 }],
      ['pop', {}],
      ['remove', { value: 1 }],
    ] as const)
      expectProblem(await post(`text/${verb}`, body), 'wrong_type');
    expectProblem(await get('/fields/text/length'), 'wrong_type');
    expectProblem(await get('/fields/text?start=0'), 'wrong_type');
    expectProblem(await post('list/increment'), 'wrong_type');
  });

  test('removes the first equal element, whatever the order of names in it', async () => {
    const { put, post, value } = fresh();
    await put('list', [{ b: 2, a: 1 }, { a: 1, b: 2 }, '1', 1]);
    ok(await post('list/remove', { value: { a: 1, b: 2 } }), { length: 3 });
    expect(JSON.stringify(await value('list'))).toBe('[{"a":1,"b":2},"1",1]');
    ok(await post('list/remove', { value: 1 }), { length: 2 });
    expect(await value('list')).toEqual([{ a: 1, b: 2 }, '1']);
  });
});

test('a number is added to as JavaScript adds', async () => {
  const { put, post, value } = fresh();
  ok(await post('n/increment'), { value: 1 });
  ok(await post('n/increment', { by: 41 }), { value: 42 });
  ok(await post('n/increment', { by: -42 }), { value: 0 });
  ok(await post('n/increment', { by: 0.1 }), { value: 0.1 });
  ok(await post('n/increment', { by: 0.2 }), { value: 0.30000000000000004 });
  await put('n', 9007199254740990);
  ok(await post('n/increment'), { value: 9007199254740991 });
  await put('n', 1e308);
  expectProblem(await post('n/increment', { by: 1e308 }), 'invalid_body');
  expect(await value('n')).toBe(1e308);
  await put('n', '1');
  expectProblem(await post('n/increment'), 'wrong_type');
});

describe('a life', () => {
  const seconds = async (key: string) => Math.round((await redis.pttl(key)) / 1000);

  test('is an hour, or as asked; setting starts it anew, changes leave it', async () => {
    const { put, post, key, get } = fresh();
    await put('short', [1], { ttl_seconds: 100 });
    await put('usual', 1);
    expect([await seconds(key('f|short')), await seconds(key('f|usual'))]).toEqual([100, 3600]);
    await post('short/append', { value: 2 });
    await post('short/pop');
    await post('short/pop');
    expect((await get('/fields/short')).body).toEqual({ name: 'short', value: [], ttl_seconds: 100 });
    await post('short/extend', { values: [1, 2] });
    await post('usual/increment', { by: 0.5 });
    expect([await seconds(key('f|short')), await seconds(key('f|usual'))]).toEqual([100, 3600]);
    await put('short', 'again');
    expect(await seconds(key('f|short'))).toBe(3600);
  });

  test('of all fields can be set at once; nothing in Redis lives for ever', async () => {
    const { put, key, call, get } = fresh();
    await put('a', 1);
    await put('b', []);
    await put('c', [1], { ttl_seconds: 7200 });
    ok(await call('PUT', '/ttl', { body: { ttl_seconds: 1800 } }), { ttl_seconds: 1800, count: 3 });
    for (const name of ['f', 'f|a', 'f|b', 'f|c']) expect(await seconds(key(name)), name).toBe(1800);
    expect((await get('/fields/c')).body.ttl_seconds).toBe(1800);
    const lives = await Promise.all((await stack.redis.keys()).map(async (name) => [name, await redis.pttl(name)] as const));
    expect(lives.filter(([, ms]) => ms === -1)).toEqual([]);
  });

  test('that is over ends the field in every answer', async () => {
    const { put, key, get, post } = fresh();
    await put('gone', [1, 2]);
    await put('left', 'x');
    await redis.pexpire(key('f|gone'), 0); // as eviction takes it: its entry is still there
    expectProblem(await get('/fields/gone'), 'field_not_found');
    ok(await get('/fields'), { fields: { left: 'x' }, keys: ['left'], count: 1 });
    ok(await get('/size'), { total_fields: 1, total_size_bytes: 3, fields: { left: 3 } });
    ok(await post('gone/append', { value: 3 }), { length: 1 });
    ok(await get('/size'), { total_fields: 2, total_size_bytes: 6, fields: { gone: 3, left: 3 } });
    await redis.del(key('f'));
    ok(await get('/fields'), { fields: {}, keys: [], count: 0 });
    expectProblem(await get('/fields/left'), 'field_not_found');
    ok(await post('gone/append', { value: 4 }), { length: 1 });
  });
});

describe('a condition', () => {
  test('keeps a read-modify-write from losing what another one wrote', async () => {
    const { put, get, call } = fresh();
    const created = await call('PUT', '/fields/stats', { body: { value: { count: 0 } }, headers: { 'if-none-match': '*' } });
    expect(created.status).toBe(200);
    expectProblem(await call('PUT', '/fields/stats', { body: { value: 1 }, headers: { 'if-none-match': '*' } }), 'precondition_failed');
    const { etag = '' } = (await get('/fields/stats')).headers;
    expect(etag).toMatch(/^"\S+"$/);
    expect(created.headers.etag).toBe(etag);
    await put('stats', { count: 1 });
    const late = await call('PUT', '/fields/stats', { body: { value: { count: 1 } }, headers: { 'if-match': etag } });
    expectProblem(late, 'precondition_failed');
    const now = (await get('/fields/stats')).headers.etag ?? '';
    ok(await call('PUT', '/fields/stats', { body: { value: { count: 2 } }, headers: { 'if-match': `"other", ${now}` } }), {
      name: 'stats',
      value: { count: 2 },
      ttl_seconds: 3600,
    });
  });

  test('holds for deleting and for changes too', async () => {
    const { put, post, get, call, value } = fresh();
    const first = (await put('list', [1])).headers.etag ?? '';
    const second = (await post('list/append', { value: 2 }, { 'if-match': first })).headers.etag ?? '';
    expect(second).not.toBe(first);
    expectProblem(await post('list/pop', {}, { 'if-match': first }), 'precondition_failed');
    expectProblem(await call('DELETE', '/fields/list', { headers: { 'if-match': first } }), 'precondition_failed');
    expectProblem(await post('none/append', { value: 1 }, { 'if-match': '*' }), 'precondition_failed');
    expect(await value('list')).toEqual([1, 2]);
    ok(await call('DELETE', '/fields/list', { headers: { 'if-match': second } }), { deleted: true });
    expectProblem(await get('/fields/none'), 'field_not_found');
  });
});

test('a change is made once for an Idempotency-Key', async () => {
  const { post, value, put } = fresh();
  const key = { 'idempotency-key': 'first' };
  ok(await post('list/append', { value: 1 }, key), { length: 1 });
  ok(await post('list/append', { value: 2 }), { length: 2 });
  ok(await post('list/append', { value: 1 }, key), { length: 1, duplicate: true });
  expectProblem(await post('list/append', { value: 9 }, key), 'idempotency_mismatch');
  expectProblem(await post('other/append', { value: 1 }, key), 'idempotency_mismatch');
  ok(await post('list/pop', {}, { 'idempotency-key': 'second' }), { value: 2, length: 1 });
  ok(await post('list/pop', {}, { 'idempotency-key': 'second' }), { value: 2, length: 1, duplicate: true });
  for (const duplicate of [{}, { duplicate: true }])
    ok(await post('n/increment', { by: 0.5 }, { 'idempotency-key': 'third' }), { value: 0.5, ...duplicate });
  await put('objects', [{ a: 1, b: 2 }]);
  for (const duplicate of [{}, { duplicate: true }])
    ok(await post('objects/remove', { value: { b: 2, a: 1 } }, { 'idempotency-key': 'fourth' }), { length: 0, ...duplicate });
  expect(await value('list')).toEqual([1]);
});

onStandIn('while Redis is down fields are 503, with when to come back, and the rest goes on', async () => {
  const { get, put, value, session } = fresh();
  await put('a', 1);
  stack.redis.faults.refuse(true);
  try {
    const down = await get('/fields');
    expectProblem(down, 'tier_unavailable');
    expect(Number(down.headers['retry-after'])).toBeGreaterThan(0);
    expect(down.body.degraded).toEqual(['redis']);
    const stored = await stack.api().post('/memory/store', { session_id: session, user_message: 'Hello', agent_message: 'Hi' });
    expect(stored).toMatchObject({ status: 200, body: { durability: 'stored', degraded: ['redis'] } });
  } finally {
    stack.redis.faults.refuse(false);
  }
  await stack.restartApp(); // sooner than waiting for the breaker
  expect(await value('a')).toBe(1);
});
