import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { expectProblem } from './problem.ts';
import { refusals } from './refusals.ts';
import { send } from './wire.ts';

const LISTED = 'https://app.example.com';
const turn = { user_id: 'ada', session_id: 'first', user_message: 'I sail.', agent_message: 'Where?' };

let stack: Stack;
let refused: ReturnType<typeof refusals>;
beforeAll(async () => {
  stack = await startStack({ settings: { CORS_ORIGINS: LISTED } });
  refused = refusals(stack);
});
afterAll(() => stack.stop());

const own = () => new URL(stack.api().url).host;
const store = (headers: Record<string, string>) =>
  send(`${stack.api().url}/api/memory/store`, {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(turn),
  });

describe('open mode', () => {
  test.each(['localhost', 'localhost:7071', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:7071', '127.9.9.9', '[::1]', '[::1]:7071'])(
    'answers the host %s',
    async (host) => {
      expect((await store({ host })).status).toBe(200);
    },
  );

  test.each([
    'keepsake.example.com',
    'localhost.example.com',
    'localhost.',
    'example.com:7071',
    '127.0.0.1.example.com',
    '192.168.0.7:7071',
    '0.0.0.0',
    '[::2]',
  ])('refuses the host %s, to which a name of somebody else may lead', async (host) => {
    await refused('unauthorized', () => store({ host }));
  });

  test.each(['https://evil.example', 'http://localhost:1', 'http://127.0.0.1', 'null', 'file://', 'not an origin'])(
    'refuses a page of %s',
    async (origin) => {
      const { headers } = await refused('foreign_origin', () => store({ origin }));
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  test('refuses what a browser calls cross-site, even without an origin', async () => {
    await refused('foreign_origin', () => store({ 'sec-fetch-site': 'cross-site' }));
  });

  test('answers a page of its own, and no page at all', async () => {
    expect((await store({ origin: `http://${own()}`, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await store({ 'sec-fetch-site': 'none' })).status).toBe(200);
    expect((await store({})).status).toBe(200);
  });

  test('answers a page that CORS_ORIGINS lists, and lets it read the answer', async () => {
    const { status, headers } = await store({ origin: LISTED, 'sec-fetch-site': 'cross-site' });
    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBe(LISTED);
    expect(headers['access-control-expose-headers']).toContain('x-request-id');
    expect(headers.vary).toBe('origin');
  });

  test('lets a listed page read errors too', async () => {
    const { status, headers } = await store({ origin: LISTED, 'content-type': 'text/plain' });
    expect(status).toBe(415);
    expect(headers['access-control-allow-origin']).toBe(LISTED);
  });

  test('keeps the tiers of the readiness answer from foreign pages', async () => {
    const ready = (headers: Record<string, string>) => send(`${stack.api().url}/api/health/ready`, { method: 'GET', headers });
    expect((await ready({})).body.tiers.cosmos.status).toBe('ok');
    expect((await ready({ origin: 'https://evil.example' })).body).toEqual({ status: expect.any(String) });
  });
});

describe('preflight', () => {
  const preflight = (path: string, origin: string) =>
    send(`${stack.api().url}/api${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
        'x-request-id': 'pre-1',
      },
    });

  test.each(['/memory/store', '/sessions/start', '/users/ada/sessions', '/health'])('allows a listed page %s', async (path) => {
    const { status, headers, text } = await preflight(path, LISTED);
    expect(status).toBe(204);
    expect(text).toBe('');
    expect(headers['access-control-allow-origin']).toBe(LISTED);
    expect(headers['access-control-allow-methods']).toContain('POST');
    for (const name of ['content-type', 'x-api-key', 'authorization', 'idempotency-key', 'x-request-id'])
      expect(headers['access-control-allow-headers']).toContain(name);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    expect(headers['x-request-id']).toBe('pre-1');
  });

  test.each(['https://evil.example', `${LISTED}.evil.example`, 'https://APP.example.com:444', 'null'])(
    'tells %s nothing',
    async (origin) => {
      const { status, headers } = await preflight('/memory/store', origin);
      expect(status).toBe(204);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    },
  );
});

test('a deployed app without AUTH_MODE serves nobody, and says what to do', async () => {
  const deployed = await startStack({ settings: { AZURE_FUNCTIONS_ENVIRONMENT: 'Production' } });
  try {
    const url = `${deployed.api().url}/api`;
    const options = { headers: { 'content-type': 'application/json', 'x-api-key': `ks_abcdEFGH_${'x'.repeat(43)}` } };
    const answer = await refusals(deployed)('auth_not_configured', () =>
      send(`${url}/memory/store`, { ...options, body: JSON.stringify(turn) }),
    );
    expect(answer.body.detail).toContain('AUTH_MODE');
    expectProblem(await send(`${url}/stats`, { ...options, method: 'GET' }), 'auth_not_configured');
    expect((await send(`${url}/health`, { method: 'GET' })).body.status).toBe('healthy');
    expect((await send(`${url}/health/ready`, { method: 'GET' })).body).toEqual({ status: expect.any(String) });
  } finally {
    await deployed.stop();
  }
});
