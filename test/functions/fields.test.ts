import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../support/api.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { expectProblem } from './problem.ts';
import { type Received, send } from './wire.ts';

// A thousand fields take the Redis stand-in longer than Redis, on a machine that does other things too.
const PATIENT = { REDIS_COMMAND_TIMEOUT_MS: '10000', REDIS_SOCKET_TIMEOUT_MS: '10000' };

let stack: Stack;
let redis: Redis;
beforeAll(async () => {
  stack = await startStack({ settings: PATIENT });
  redis = new Redis(stack.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await stack.stop();
});

/** The field routes of a session that no other test has. */
function fresh(session = `s-${randomUUID()}`) {
  const call = (method: string, path: string, { body, headers = {} }: { body?: Json; headers?: Record<string, string> } = {}) =>
    send(`${stack.api().url}/api${path.startsWith('//') ? path.slice(1) : `/sessions/${session}${path}`}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  return {
    session,
    key: (name: string) => `{default|s|${session}}${name}`,
    call,
    get: (path: string) => call('GET', path),
    put: (name: string, value: Json, more: object = {}) => call('PUT', `/fields/${name}`, { body: { value, ...more } }),
    post: (path: string, body?: Json, headers?: Record<string, string>) => call('POST', `/fields/${path}`, { body, headers }),
    value: async (name: string) => (await call('GET', `/fields/${name}`)).body.value,
  };
}

const ok = (answer: Received, body: Json) => expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body });

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
    expect(stack.redis.keys().filter((key) => key.includes('preferences'))).toEqual([]);
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
    const lives = await Promise.all(stack.redis.keys().map(async (name) => [name, await redis.pttl(name)] as const));
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
