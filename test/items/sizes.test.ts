import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

const MAX_BYTES = 16_777_216;
const MB = 1_000_000;
const TIERS = ['hot', 'warm', 'cold'] as const;
const KINDS = ['json', 'bytes'] as const;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
}, 60_000);
afterAll(() => stack.stop());

const fresh = () => `k-${randomUUID()}`;
const urlOf = (path: string) => `${stack.api().url}/api${path}`;

interface Sized {
  bytes: number;
  kind: 'json' | 'bytes';
  tier?: string;
}
/** Puts a JSON value of so many bytes of text, or that many random bytes, without a copy in Redis; answers what was put. */
async function put(path: string, { bytes, kind, tier = 'warm' }: Sized) {
  const isJson = kind === 'json';
  const data = isJson ? Buffer.from(JSON.stringify('x'.repeat(Math.max(bytes - 2, 0)))) : randomBytes(bytes);
  const body = isJson ? `{"tier":"${tier}","write_through":false,"value":${data}}` : data;
  const headers = { 'content-type': isJson ? 'application/json' : 'application/octet-stream' };
  const response = await fetch(urlOf(isJson ? path : `${path}?tier=${tier}&write_through=false`), { method: 'PUT', body, headers });
  return { data, status: response.status, body: JSON.parse(await response.text()) };
}

async function get(path: string, kind: 'json' | 'bytes') {
  const response = await fetch(urlOf(path));
  const bytes = Buffer.from(await response.arrayBuffer());
  const value = () => Buffer.from(JSON.stringify(JSON.parse(bytes.toString()).value));
  const tier = response.headers.get('x-item-tier');
  return { status: response.status, tier, data: kind === 'json' && response.ok ? value() : bytes };
}

const sizes = [MB - 1, MB, MB + 1, 1.5 * MB - 1, 1.5 * MB, 1.5 * MB + 1, 10 * MB];
test.each(KINDS.flatMap((kind) => sizes.map((bytes) => ({ kind, bytes }))))(
  '$bytes bytes of $kind come back from every tier that takes them',
  async ({ kind, bytes }) => {
    for (const tier of TIERS) {
      const path = `/items/${fresh()}`;
      const written = await put(path, { bytes, kind, tier });
      const isCold = bytes > 1.5 * MB || tier === 'cold';
      expect(written.status).toBe(200);
      expect(written.body).toMatchObject({ size_bytes: bytes, compressed: isCold && bytes > MB });
      if (isCold) expect(written.body.tier).toBe('cold');
      for (let reads = 0; reads < 3; reads++) {
        const got = await get(path, kind);
        expect([got.status, got.data.equals(written.data)], `${tier}, read ${reads} from ${got.tier}`).toEqual([200, true]);
      }
      expect((await get(path, kind)).tier).toBe(bytes > 1.5 * MB ? 'cold' : 'hot');
    }
  },
  60_000,
);

test('no bytes at all, and the shortest JSON, are values too', async () => {
  for (const tier of TIERS) {
    const path = `/items/${fresh()}`;
    expect((await put(path, { bytes: 0, kind: 'bytes', tier })).body).toMatchObject({ size_bytes: 0, tier });
    for (let reads = 0; reads < 2; reads++) expect(await get(path, 'bytes')).toMatchObject({ status: 200, data: Buffer.alloc(0) });
    for (const value of [null, 0, '', false, [], {}]) {
      await stack.api().request('PUT', path, { body: { value, tier, write_through: false } });
      const read = [await stack.api().get(path), await stack.api().get(path)];
      expect(read.map(({ body }) => body.value)).toEqual([value, value]);
    }
  }
});

test('JSON survives as JSON.stringify writes it: every plane of Unicode, deep values, odd names and numbers', async () => {
  const planes = Array.from({ length: 17 }, (_, plane) => {
    const points = [0x20, 0xff, 0x0fff, 0xfffd].map((low) => plane * 0x10000 + low).filter((point) => point < 0xd800 || point > 0xdfff);
    return String.fromCodePoint(...points);
  });
  let deep: unknown = 'bottom';
  for (let level = 0; level < 60; level++) deep = level % 2 ? [deep] : { '': deep };
  const names = { '2': 1, '1': 2, b: 1, a: 2, constructor: 'c', toString: 't', _etag: 'e', id: 'i', pk: 'p', ttl: 1, 'a b|c': 1 };
  const numbers = [-0, 1e-7, 1e21, 0.1 + 0.2, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, Number.MAX_VALUE];
  const controls = Array.from({ length: 0x1f }, (_, i) => String.fromCharCode(i + 1)).join('');
  const value = { planes, deep, names, numbers, controls, '\u2028': '\u2029"\\', empty: [[], {}, ''] };
  for (const tier of TIERS) {
    const path = `/items/${fresh()}`;
    await stack.api().request('PUT', path, { body: { value, tier, write_through: false } });
    for (let reads = 0; reads < 3; reads++) {
      const text = await (await fetch(urlOf(path))).text();
      expect(text.includes(`"value":${JSON.stringify(value)}`), `${tier}, read ${reads}`).toBe(true);
    }
  }
});

test('keys have 1 to 128 characters of the id alphabet', async () => {
  const api = stack.api();
  const good = ['k', 'K'.repeat(128), 'A-Z_a.z:0@9', '...', 'mget'];
  for (const key of good) {
    const path = `/items/${encodeURIComponent(key)}`;
    for (const tier of TIERS) {
      expect((await api.request('PUT', path, { body: { value: key, tier } })).body).toMatchObject({ key });
      expect((await api.get(path)).body).toMatchObject({ key, value: key });
    }
    expect((await api.request('DELETE', path)).status).toBe(200);
  }
  for (const key of ['k'.repeat(129), 'a b', 'a|b', 'ä', 'a%2Fb', '__proto__', '%2e%2e']) {
    const answer = await api.request('PUT', `/items/${key}`, { body: { value: 1 } });
    expect([answer.status === 404 || answer.status === 400, answer.status < 300], key).toEqual([true, false]);
  }
  expect((await api.request('PUT', `/items/${'k'.repeat(129)}`, { body: { value: 1 } })).body).toMatchObject({
    status: 400,
    code: 'invalid_id',
  });
  const many = Array.from({ length: 101 }, (_, i) => `k${i}`);
  expect((await api.post('/items/mget', { keys: many })).status).toBe(400);
  expect((await api.post('/items/mset', { items: Object.fromEntries(many.map((key) => [key, 1])) })).status).toBe(400);
  expect((await api.post('/items/mget', { keys: ['a b'] })).status).toBe(400);
});

test('what is larger than a body may be is 413, and what breaks a rule is 400; neither changes anything', async () => {
  const path = `/items/${fresh()}`;
  const most = await put(path, { bytes: MAX_BYTES, kind: 'bytes', tier: 'cold' });
  expect(most).toMatchObject({ status: 200, body: { tier: 'cold', size_bytes: MAX_BYTES } });
  expect((await put(path, { bytes: MAX_BYTES + 1, kind: 'bytes' })).body).toMatchObject({ status: 413, code: 'body_too_large' });
  expect((await put(path, { bytes: MAX_BYTES, kind: 'json' })).body).toMatchObject({ status: 413, code: 'body_too_large' });
  const wrong = [
    {},
    { value: 1, tier: 'tepid' },
    { value: 1, ttl_seconds: 0 },
    { value: 1, preset: 'x' },
    { value: 1, write_through: 'yes' },
  ];
  for (const body of wrong) expect((await stack.api().request('PUT', path, { body })).status, JSON.stringify(body)).toBe(400);
  for (const query of ['tier=tepid', 'ttl_seconds=-1', 'ttl_seconds=1.5', 'write_through=1']) {
    const answer = await stack.api().request('PUT', `${path}?${query}`, { body: 'x', headers: { 'content-type': 'text/plain' } });
    expect(answer.body, query).toMatchObject({ status: 400, code: 'invalid_query' });
  }
  const untyped = await stack.api().request('PUT', path, { body: 'x', headers: { 'content-type': 'nonsense' } });
  expect(untyped.body).toMatchObject({ status: 415 });
  expect((await stack.api().request('PUT', path, { body: '{"value": "\\ud800"}' })).body).toMatchObject({ code: 'invalid_text' });
  const got = await get(path, 'bytes');
  expect([got.status, got.data.equals(most.data)]).toEqual([200, true]);
}, 60_000);
