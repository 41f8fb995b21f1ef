import { HttpRequest } from '@azure/functions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer } from '../../src/lib/http.ts';
import { startInstances } from '../support/instances.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { endKey, issueKey } from './issue-key.ts';
import { expectProblem } from './problem.ts';
import { refusals } from './refusals.ts';
import { allDocuments } from './stored.ts';
import { send } from './wire.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { AUTH_MODE: 'keys' } });
});
afterAll(() => stack.stop());

type Headers = Record<string, string>;
const get = (path: string, headers: Headers) => send(`${stack.api().url}/api${path}`, { method: 'GET', headers });
const post = (path: string, body: unknown, headers: Headers) =>
  send(`${stack.api().url}/api${path}`, { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });

/** The API with one key. */
function as(key: string) {
  const headers = { 'x-api-key': key };
  return { get: (path: string) => get(path, headers), post: (path: string, body: unknown = {}) => post(path, body, headers) };
}

const ada = { user_id: 'ada', session_id: 'first' };
const says = (user_message: string) => ({ ...ada, user_message, agent_message: 'I see.' });

/** Every way to name a user. */
const NAMING_A_USER: [path: string, more: object][] = [
  ['/sessions/start', {}],
  ['/sessions/end', {}],
  ['/memory/store', { user_message: 'Hello', agent_message: 'Hi' }],
  ['/memory/context', {}],
  ['/memory/retrieve', { query: 'hello' }],
  ['/insights', {}],
  ['/summaries', {}],
];

describe('a credential', () => {
  test('travels as x-api-key or as a bearer token', async () => {
    const key = await issueKey(stack.cosmos, { tenant: 'travel' });
    for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }, { authorization: `bearer ${key}` }] as Headers[]) {
      expect((await post('/sessions/start', ada, headers)).status).toBe(200);
    }
  });

  test.each<[string, Headers]>([
    ['none', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['garbage', { 'x-api-key': 'garbage' }],
    ['ten thousand characters', { 'x-api-key': 'x'.repeat(10_000) }],
    ['a key too short', { 'x-api-key': `ks_abcdEFGH_${'x'.repeat(42)}` }],
    ['a key too long', { 'x-api-key': `ks_abcdEFGH_${'x'.repeat(44)}` }],
    ['a partition separator', { 'x-api-key': `ks_abcd|FGH_${'x'.repeat(43)}` }],
    ['a bearer token of somebody else', { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }],
    ['a password', { authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` }],
    ['a page of this machine', { host: 'localhost', 'sec-fetch-site': 'none' }],
  ])('that is %s opens nothing, and no tier is asked', async (_what, headers) => {
    const { headers: answered } = await refusals(stack)('unauthorized', () => post('/memory/store', says('Hello'), headers));
    expect(answered['www-authenticate']).toBe('Bearer');
  });

  test('is asked for before the body is looked at', async () => {
    const body = 'x'.repeat(2_000_000);
    const answered = await send(`${stack.api().url}/api/memory/store`, { headers: { 'content-type': 'text/plain' }, body });
    expectProblem(answered, 'unauthorized');
  });

  test('that is unknown, or known with another secret, opens nothing and is not told apart', async () => {
    const key = await issueKey(stack.cosmos, { tenant: 'guess' });
    const last = key.at(-2) === 'A' ? 'B' : 'A';
    const almost = `${key.slice(0, -2)}${last}${key.slice(-1)}`;
    const unknown = `ks_00000000_${key.slice(12)}`;
    const before = await allDocuments(stack.cosmos);
    const answers = [];
    for (const guess of [almost, unknown, key.toLowerCase(), `${key.slice(0, 12)}${'A'.repeat(43)}`]) {
      const answered = await as(guess).post('/memory/store', says('Hello'));
      expectProblem(answered, 'unauthorized');
      answers.push(answered.body.detail);
    }
    expect(new Set(answers).size).toBe(1);
    expect(await allDocuments(stack.cosmos)).toBe(before);
    expect((await as(key).post('/sessions/start', ada)).status).toBe(200);
  });

  test('is needed everywhere but for the sign of life', async () => {
    expect((await get('/health', {})).body).toMatchObject({ status: 'healthy' });
    expect((await get('/health/ready', {})).body).toEqual({ status: expect.any(String) });
    for (const path of ['/stats', '/users/ada/sessions', '/jobs/20260101-aaaaaaaaaaaaaaaaaaaaaa'])
      expectProblem(await get(path, {}), 'unauthorized');
    for (const [path, more] of NAMING_A_USER) expectProblem(await post(path, { ...ada, ...more }, {}), 'unauthorized');
    const key = await issueKey(stack.cosmos, { tenant: 'ready' });
    expect((await as(key).get('/health/ready')).body.tiers.cosmos.status).toBe('ok');
  });

  test('is stored by its hash alone', async () => {
    const key = await issueKey(stack.cosmos, { tenant: 'hashed' });
    const documents = await allDocuments(stack.cosmos);
    expect(documents).toContain(key.slice(3, 11));
    expect(documents).not.toContain(key.slice(12));
  });

  test('that is revoked opens nothing', async () => {
    const [key, other] = await Promise.all([issueKey(stack.cosmos, { tenant: 'revoked' }), issueKey(stack.cosmos, { tenant: 'revoked' })]);
    expect((await endKey(stack.cosmos, key))?.revoked_at).toEqual(expect.any(String));
    expectProblem(await as(key).get('/stats'), 'unauthorized');
    expect((await as(other).get('/stats')).status).toBe(200);
  });
});

test('a key that was seen before its end opens nothing a minute later', async () => {
  const world = await startInstances({ settings: { AUTH_MODE: 'keys' } });
  try {
    const key = await issueKey(world.cosmos, { tenant: 'minute' });
    const route = { method: 'GET', route: 'who', run: ({ caller }) => caller.tenant } as const satisfies Parameters<
      typeof answer
    >[1]['route'];
    const ask = async () => {
      const request = new HttpRequest({ method: 'GET', url: 'http://localhost/api/who', headers: { 'x-api-key': key } });
      return (await answer(world.instance(), { name: 'who', route, request })).status;
    };
    expect(await ask()).toBe(200);
    world.cosmos.calls.reset();
    expect(await ask()).toBe(200);
    expect(world.cosmos.calls.count()).toBe(0); // the key is not read again and again
    await endKey(world.cosmos, key);
    world.clock.advance({ seconds: 61 });
    expect(await ask()).toBe(401);
  } finally {
    await world.stop();
  }
});

describe('two tenants with the same user and session ids', () => {
  test('never see each other', async () => {
    const [red, blue] = await Promise.all(['red', 'blue'].map(async (tenant) => as(await issueKey(stack.cosmos, { tenant }))));
    await red!.post('/memory/store', { ...says('I like crimson sails.'), turn_id: 'turn-1', tenant: 'blue' });

    expectProblem(await blue!.post('/memory/context', ada), 'session_not_found');
    expectProblem(await blue!.post('/sessions/end', ada), 'session_not_found');
    expect((await blue!.get('/users/ada/sessions')).body.sessions).toEqual([]);

    const stored = await blue!.post('/memory/store', { ...says('I like azure boats.'), turn_id: 'turn-1' });
    expect(stored.body).toMatchObject({ seq: 2, duplicate: false });
    const ended = await Promise.all([red!, blue!].map((api) => api.post('/sessions/end', { ...ada, wait_ms: 20_000 })));
    expect(ended.map(({ body }) => body.summary_generated)).toEqual([true, true]);

    const views = { red: await everything(red!), blue: await everything(blue!) };
    expect(views.red).toContain('crimson');
    expect(views.red).not.toContain('azure');
    expect(views.blue).toContain('azure');
    expect(views.blue).not.toContain('crimson');

    const job = ended[0]!.body.job_id;
    expect((await red!.get(`/jobs/${job}`)).body.status).toBe('done');
    // The day and the ids are the same, so the two jobs can only differ by the tenant.
    expect(ended[1]!.body.job_id).not.toBe(job);
    expectProblem(await blue!.get(`/jobs/${job}`), 'job_not_found');
  });

  test('count their own sessions', async () => {
    const [busy, idle] = await Promise.all(['busy', 'idle'].map(async (tenant) => as(await issueKey(stack.cosmos, { tenant }))));
    await busy!.post('/memory/store', says('Hello'));
    expect((await idle!.get('/stats')).body.total_sessions).toBe(0);
  });

  /** All that the API tells about the user, in one text. */
  async function everything(api: ReturnType<typeof as>): Promise<string> {
    const answers = [
      await api.post('/memory/context', { ...ada, query: 'crimson azure sails boats', explain: true }),
      await api.post('/memory/retrieve', { ...ada, query: 'crimson azure sails boats', top_k: 100 }),
      await api.post('/sessions/start', { user_id: 'ada', session_id: 'second' }),
      await api.post('/insights', { user_id: 'ada' }),
      await api.post('/summaries', { user_id: 'ada' }),
      await api.get('/users/ada/sessions'),
    ];
    for (const { status } of answers) expect(status).toBe(200);
    return answers.map(({ body }) => JSON.stringify({ ...body, query: '' })).join('\n');
  }
});

describe('a key bound to a user', () => {
  async function bound(tenant: string) {
    const [whole, own] = await Promise.all([
      issueKey(stack.cosmos, { tenant }),
      issueKey(stack.cosmos, { tenant, user_id: 'ada', scopes: ['operator'] }),
    ]);
    return { whole: as(whole), own: as(own) };
  }

  test.each(NAMING_A_USER)('opens POST %s for this user only', async (path, more) => {
    const { whole, own } = await bound(`bound-${path.replaceAll('/', '-')}`);
    await whole.post('/memory/store', says('Mine.'));
    await whole.post('/memory/store', { ...says('Theirs.'), user_id: 'eve', session_id: 'hers' });
    expect((await own.post(path, { ...ada, ...more })).status).toBe(200);
    const before = await allDocuments(stack.cosmos);
    for (const session_id of ['hers', 'new']) {
      expectProblem(await own.post(path, { ...more, user_id: 'eve', session_id }), 'scope_mismatch');
    }
    expect(documentsOf(await allDocuments(stack.cosmos), 'eve')).toEqual(documentsOf(before, 'eve'));
  });

  const documentsOf = (all: string, user: string) => all.split('\n').filter((line) => line.includes(`"user_id":"${user}"`));

  test('opens the list of its own sessions only', async () => {
    const { whole, own } = await bound('bound-list');
    await whole.post('/memory/store', says('Mine.'));
    expect((await own.get('/users/ada/sessions')).body.sessions).toHaveLength(1);
    expectProblem(await own.get('/users/eve/sessions'), 'scope_mismatch');
  });

  test('may leave the user out, and does not reach the session of another or of nobody that way', async () => {
    const { whole, own } = await bound('bound-silent');
    const exchange = { user_message: 'Mine.', agent_message: 'I see.' };
    expect((await own.post('/memory/store', { session_id: 'mine', ...exchange })).status).toBe(200);
    expect((await whole.post('/memory/context', { user_id: 'ada', session_id: 'mine' })).body.messages).toHaveLength(2);
    await whole.post('/memory/store', { user_id: 'eve', session_id: 'hers', ...exchange });
    await whole.post('/memory/store', { session_id: 'nobodys', ...exchange });
    for (const session_id of ['hers', 'nobodys']) {
      expectProblem(await own.post('/memory/context', { session_id }), 'session_not_found');
      expectProblem(await own.post('/memory/store', { session_id, ...exchange }), 'session_not_found');
      expectProblem(await own.post('/sessions/end', { session_id }), 'session_not_found');
    }
  });

  test("does not see another user's job, nor run it again, operator or not", async () => {
    const { whole, own } = await bound('bound-jobs');
    await whole.post('/memory/store', { ...says('Theirs.'), user_id: 'eve', session_id: 'hers' });
    const { body } = await whole.post('/sessions/end', { user_id: 'eve', session_id: 'hers', wait_ms: 20_000 });
    expect((await whole.get(`/jobs/${body.job_id}`)).body.user_id).toBe('eve');
    expectProblem(await own.get(`/jobs/${body.job_id}`), 'job_not_found');
    expectProblem(await own.post(`/jobs/${body.job_id}/redrive`), 'job_not_found');
  });
});

test('the operator scope opens what is marked so, and nothing else does', async () => {
  const tenant = 'operated';
  const [plain, operator] = await Promise.all([
    issueKey(stack.cosmos, { tenant }),
    issueKey(stack.cosmos, { tenant, scopes: ['operator'] }),
  ]);
  await as(plain).post('/memory/store', says('Hello'));
  const { body } = await as(plain).post('/sessions/end', { ...ada, wait_ms: 20_000 });
  expectProblem(await as(plain).post(`/jobs/${body.job_id}/redrive`), 'scope_mismatch');
  expectProblem(await as(operator).post(`/jobs/${body.job_id}/redrive`), 'job_not_failed');
});
