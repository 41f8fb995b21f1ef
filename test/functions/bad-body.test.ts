import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';
import { refusals } from './refusals.ts';
import { allStored } from './stored.ts';
import { send } from './wire.ts';

const who = { user_id: 'ada', session_id: 'first' };
const turn = { ...who, user_message: 'I sail every weekend.', agent_message: 'Where do you sail?' };

/** Every route that takes a body, with one that it accepts. */
const VALID = {
  '/sessions/start': who,
  '/sessions/end': who,
  '/memory/store': turn,
  '/memory/context': who,
  '/memory/retrieve': { ...who, query: 'sailing' },
  '/insights': { user_id: 'ada' },
  '/summaries': { user_id: 'ada' },
} as const;
type Path = keyof typeof VALID;
const PATHS = Object.keys(VALID) as Path[];

const JSON_TYPE = { 'content-type': 'application/json' };
const BAD_IDS = ['', '.', '..', 'x'.repeat(129), 'a b', 'a/b', 'a|b', 'a\n', 'a\tb', '\u0007', 'a\u007f', 'ü', '{a}', 'a\r\nb'];

let stack: Stack;
let refused: ReturnType<typeof refusals>;
beforeAll(async () => {
  stack = await startStack();
  refused = refusals(stack);
  await stack.api().post('/memory/store', turn);
  await waitFor(async () => (await stack.redis.keys()).some((key) => key.includes('|ix|')), { what: 'the recency entry of the session' });
});
afterAll(() => stack.stop());

type Request = Parameters<typeof send>[1];
const ask = (path: string, request: Request) => send(`${stack.api().url}/api${path}`, { headers: JSON_TYPE, ...request });
const post = (path: string, body: unknown) => ask(path, { body: typeof body === 'string' ? body : JSON.stringify(body) });

describe.each(PATHS)('POST %s', (path) => {
  const valid = VALID[path];

  test.each([
    ['an empty body', ''],
    ['no body at all', undefined],
  ])('refuses %s', async (_what, body) => {
    await refused('missing_body', () => ask(path, { body }));
  });

  test('refuses a chunked body and says what to do', async () => {
    const { body } = await refused('missing_body', () => ask(path, { body: JSON.stringify(valid), chunked: true }));
    expect(body.detail).toMatch(/Content-Length/);
  });

  test.each(['{"user_id":', '{user_id:"ada"}', "{'user_id':'ada'}", '{"user_id":"ada",}', 'user_id=ada', '\u00e4', 'NaN'])(
    'refuses %j as JSON',
    async (body) => {
      await refused('invalid_json', () => post(path, body));
    },
  );

  test('refuses what is not UTF-8', async () => {
    const [start, end] = JSON.stringify({ ...valid, note: 'SPLIT' }).split('SPLIT') as [string, string];
    const body = Buffer.concat([Buffer.from(start), Buffer.from([0xc3, 0x28]), Buffer.from(end)]);
    await refused('invalid_json', () => ask(path, { body }));
  });

  test.each(['null', '[]', '"ada"', '42', 'true'])('refuses %s where an object is needed', async (body) => {
    await refused('invalid_body', () => post(path, body));
  });

  test('refuses 2 MB before parsing', async () => {
    const body = JSON.stringify({ ...valid, note: 'x'.repeat(2_000_000) });
    await refused('body_too_large', () => ask(path, { body }));
    await refused('body_too_large', () => ask(path, { body: 'x'.repeat(2_000_000) }));
  });

  test.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json-patch+json',
    'multipart/form-data; boundary=x',
  ])('refuses the content type %s', async (type) => {
    const headers: Record<string, string> = type ? { 'content-type': type } : {};
    await refused('unsupported_media_type', () => ask(path, { body: JSON.stringify(valid), headers }));
  });

  test.each([
    ['at the top', (text: string) => text.replace('{', '{"__proto__":{"user_id":"eve"},')],
    ['below', (text: string) => text.replace('{', '{"metadata":{"deep":[{"__proto__":{}}]},')],
    ['spelt in escapes', (text: string) => text.replace('{', '{"\\u005f_proto__":1,')],
  ])('refuses __proto__ %s', async (_where, spoil) => {
    await refused('invalid_body', () => post(path, spoil(JSON.stringify(valid))));
  });

  test.each([70, 100_000])('refuses %i levels of nesting', async (depth) => {
    const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    await refused('invalid_body', () => post(path, JSON.stringify(valid).replace('{', `{"metadata":{"deep":${deep}},`)));
  });

  test.each([
    ['NUL in a text', '{"note":"a\\u0000b",'],
    ['NUL in a name', '{"a\\u0000b":1,'],
    ['half a surrogate pair', '{"note":"\\ud83d",'],
    ['the other half', '{"note":["x\\ude00"],'],
    ['half a surrogate pair in a name', '{"metadata":{"\\ud83d":1},'],
  ])('refuses %s', async (_what, start) => {
    await refused('invalid_text', () => post(path, JSON.stringify(valid).replace('{', start)));
  });

  test('refuses a number that JSON can write and nothing can store', async () => {
    await refused('invalid_body', () => post(path, JSON.stringify(valid).replace('{', '{"metadata":{"n":1e999},')));
  });

  test.each([[42], [true], [null], [['ada']], [{ id: 'ada' }]])('refuses user_id %j', async (user_id) => {
    const { body } = await refused('invalid_body', () => post(path, { ...valid, user_id }));
    expect(body.errors).toEqual([{ path: 'user_id', message: expect.any(String) }]);
  });

  test.each(BAD_IDS)('refuses %j as a user_id', async (user_id) => {
    const { body } = await refused('invalid_id', () => post(path, { ...valid, user_id }));
    expect(body.errors[0].path).toBe('user_id');
  });

  test('refuses nothing but braces', async () => {
    const { body } = await refused('invalid_body', () => post(path, {}));
    expect(body.errors.length).toBeGreaterThan(0);
  });
});

// Last, because ending a session starts work behind the other tests' backs.
describe('what the others spoil', () => {
  test('left the session as it was', async () => {
    const { body } = await stack.api().post('/memory/context', who);
    expect(body.messages).toEqual([
      { role: 'user', content: turn.user_message },
      { role: 'assistant', content: turn.agent_message },
    ]);
  });

  test.each(PATHS)('POST %s is good otherwise, and what nobody asked for is left out', async (path) => {
    const { status } = await post(path, { ...VALID[path], tenant: 'canary-tenant', unknown_field: { any: ['canary-value'] } });
    expect(status).toBe(200);
    expect(await allStored(stack)).not.toContain('canary');
  });
});
