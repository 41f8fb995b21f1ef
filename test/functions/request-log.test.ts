import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Json } from '../support/api.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';
import { expectProblem } from './problem.ts';
import { send } from './wire.ts';

const ada = { user_id: 'ada', session_id: 'first' };
const turn = { ...ada, user_message: 'I sail every weekend.', agent_message: 'Where do you sail?' };

const lines: string[] = [];
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { LOG_LEVEL: 'debug' }, onLine: (line) => lines.push(line) });
});
afterAll(() => stack.stop());
beforeEach(() => stack.cosmos.faults.clear());

interface Asked {
  body?: unknown;
  id?: string;
  headers?: Record<string, string>;
}

function ask(path: string, { body, id, headers = {} }: Asked) {
  const sent = { ...headers };
  if (body !== undefined) sent['content-type'] = 'application/json';
  if (id !== undefined) sent['x-request-id'] = id;
  return send(`${stack.api().url}/api${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: sent,
    body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
  });
}

/** Each line that the app wrote about a request, in order. */
const linesOf = (id: string): Json[] =>
  lines.flatMap((line) => (line.includes(`"request_id":"${id}"`) && line.startsWith('{') ? [JSON.parse(line)] : []));

/** The one `request` line of a request. */
async function lineOf(id: string): Promise<Json> {
  await waitFor(() => linesOf(id).some(({ event }) => event === 'request'), { what: `the line of ${id}` });
  const found = linesOf(id).filter(({ event }) => event === 'request');
  expect(found).toHaveLength(1);
  return found[0];
}

test('a sane x-request-id comes back and names the line; any other gets a new one', async () => {
  const id = 'My.trace:1-a_Z';
  expect((await ask('/health', { id })).headers['x-request-id']).toBe(id);
  expect(await lineOf(id)).toMatchObject({ route: 'health', status: 200 });
  for (const odd of ['two words', 'x'.repeat(65), '{}', 'a"b', '\u00e9']) {
    const given = (await ask('/health', { id: odd })).headers['x-request-id'];
    expect(given).toMatch(/^[A-Za-z0-9._:-]{1,64}$/);
  }
  const [one, other] = await Promise.all([ask('/health', {}), ask('/health', {})]);
  expect(one.headers['x-request-id']).not.toBe(other.headers['x-request-id']);
});

test('an error answers its x-request-id too, in the header and in the problem', async () => {
  const answer = await ask('/memory/context', { body: '{', id: 'broken-1' });
  expect(answer.headers['x-request-id']).toBe('broken-1');
  expect(answer.body.request_id).toBe('broken-1');
  expect(await lineOf('broken-1')).toMatchObject({ status: 400, code: 'invalid_json', tenant: 'default' });
});

test('one line says what a request did', async () => {
  await ask('/memory/store', { body: turn, id: 'store-1' });
  const stored = await lineOf('store-1');
  expect(stored).toEqual({
    time: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/),
    level: 'info',
    event: 'request',
    route: 'memory-store',
    status: 200,
    ms: expect.any(Number),
    tenant: 'default',
    request_id: 'store-1',
    session: 'new',
    degraded: [],
    redis_calls: expect.any(Number),
    cosmos_calls: expect.any(Number),
    ru: expect.any(Number),
  });
  expect(stored.redis_calls).toBeGreaterThan(0);
  expect(stored.cosmos_calls).toBeGreaterThan(0);
  expect(stored.ru).toBeGreaterThan(0);
});

test('a line tells a hot session from a cold one, and counts the calls that Cosmos DB saw', async () => {
  await ask('/memory/store', { body: { ...turn, session_id: 'counted' } });
  await ask('/memory/context', { body: { ...ada, session_id: 'counted' } });
  stack.cosmos.calls.reset();
  await ask('/memory/context', { body: { ...ada, session_id: 'counted' }, id: 'hot-1' });
  expect(await lineOf('hot-1')).toMatchObject({ session: 'hot', redis_calls: 1, cosmos_calls: 0, ru: 0 });
  expect(stack.cosmos.calls.all).toEqual([]);

  await stack.redis.flush();
  stack.cosmos.calls.reset();
  await ask('/memory/context', { body: { ...ada, session_id: 'counted' }, id: 'cold-1' });
  expect(stack.cosmos.calls.count()).toBeGreaterThan(0);
  expect(await lineOf('cold-1')).toMatchObject({ session: 'cold', cosmos_calls: stack.cosmos.calls.count() });
});

test('a refused request is one line as well, with its code', async () => {
  await ask('/memory/context', { body: { ...ada, session_id: 'unknown' }, id: 'unknown-1' });
  expect(await lineOf('unknown-1')).toMatchObject({ route: 'memory-context', status: 404, code: 'session_not_found' });
});

test('a tier that is down is named in the answer and in the line', async () => {
  const alone = await startStack({ redis: false, settings: { LOG_LEVEL: 'info' }, onLine: (line) => lines.push(line) });
  try {
    const headers = { 'content-type': 'application/json', 'x-request-id': 'alone-1' };
    const { body } = await send(`${alone.api().url}/api/memory/store`, { headers, body: JSON.stringify(turn) });
    expect(body).toMatchObject({ status: 'success', degraded: ['redis'] });
    expect(await lineOf('alone-1')).toMatchObject({ status: 200, degraded: ['redis'] });
  } finally {
    await alone.stop();
  }
});

test('what nobody expected is a clear problem without a stack; the log has the place under the same id', async () => {
  stack.cosmos.faults.add({ action: { status: 403 } });
  const answer = await ask('/memory/store', { body: { ...turn, session_id: 'unexpected' }, id: 'unexpected-1' });
  expectProblem(answer, 'internal_error');
  expect(answer.body.detail).toContain('unexpected-1');
  expect(answer.text).not.toMatch(/403|fault|cosmos|forbidden/i);
  await lineOf('unexpected-1');
  const place = linesOf('unexpected-1').find(({ event }) => event === 'unexpected');
  expect(place).toMatchObject({ level: 'error', route: 'memory-store', at: expect.arrayContaining([expect.stringMatching(/^at /)]) });
});

test('Cosmos DB throttling or silent is a 503 with Retry-After', async () => {
  for (const status of [429, 503]) {
    stack.cosmos.faults.clear();
    stack.cosmos.faults.add({ action: { status, retryAfterMs: 1 } });
    const answer = await ask('/insights', { body: { user_id: 'ada' } });
    expectProblem(answer, 'tier_unavailable');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  }
});

test('no message text and no secret is in any line, whatever went wrong', async () => {
  const said = 'canary-7f3a sails';
  const secret = `ks_abcdEFGH_${'s3cr3t'.repeat(7)}x`;
  const spoken = { user_message: said, agent_message: said, metadata: { note: said, [said]: 1 } };
  const store = { user_id: 'eve', session_id: 'quiet', ...spoken };
  const headers = { 'x-api-key': secret, authorization: `Bearer ${secret}`, cookie: said };
  const bodies: [string, unknown][] = [
    ['/memory/store', store],
    ['/memory/store', { ...store, user_message: 7 }],
    ['/memory/store', { ...store, messages: [{ role: said, content: said, name: said }] }],
    ['/memory/store', `{"user_message": "${said}`],
    ['/memory/store', { ...store, user_id: said }],
    ['/memory/context', { user_id: 'eve', session_id: 'quiet', query: said }],
    ['/memory/retrieve', { user_id: 'eve', query: said }],
    ['/sessions/end', { user_id: 'eve', session_id: 'quiet', wait_ms: 20_000 }],
  ];
  for (const [index, [path, body]] of bodies.entries()) await ask(path, { body, headers, id: `quiet-${index}` });
  await ask(`/users/eve/sessions?cursor=${encodeURIComponent(said)}`, { headers, id: 'quiet-get' });
  stack.cosmos.faults.add({ action: { status: 403 } });
  await ask('/memory/store', { body: { ...store, session_id: 'loud' }, headers, id: 'quiet-fault' });
  await ask('/memory/retrieve', { body: { user_id: 'eve', query: said }, headers, id: 'quiet-last' });
  await lineOf('quiet-last');

  expect(lines.some((line) => line.includes('"event":"message"'))).toBe(true); // the worker's lines are among them
  const accountKey = /AccountKey=([^;]+)/.exec(stack.env.AzureWebJobsStorage)?.[1];
  const unspeakable = ['canary', 's3cr3t', 'sails', stack.env.COSMOS_KEY, accountKey!];
  expect(lines.filter((line) => unspeakable.some((word) => line.includes(word)))).toEqual([]);
});
