import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allDocuments } from '../functions/stored.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const SCRIPT = join(import.meta.dirname, '../../dev/keys.ts');
const CONFIGURED = /^(REDIS|COSMOS|BLOB|AzureWebJobs|AZURE|OPENAI|MODEL|PORT|QUEUE|AUTH)/;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { AUTH_MODE: 'keys' } });
});
afterAll(() => stack.stop());

const cosmos = () => ({ COSMOS_ENDPOINT: stack.cosmos.endpoint, COSMOS_KEY: stack.cosmos.key });

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs the command as npm does, in a folder without settings unless one is given. */
function keys(args: string[], { env = cosmos(), cwd = temporaryDirectory() }: { env?: Record<string, string>; cwd?: string } = {}) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !CONFIGURED.test(name)));
  return new Promise<Ran>((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], { cwd, env: { ...inherited, ...env } }, (error, out, err) => {
      resolve({ code: Number(error?.code ?? 0), out, err });
    });
  });
}

const statusWith = async (key: string, user_id = 'ada') =>
  (await stack.api().post('/insights', { user_id }, { headers: { 'x-api-key': key } })).status;

test('a created key works, is printed once and alone, and is nowhere in the store', async () => {
  const { code, out, err } = await keys(['create', '--tenant', 'acme']);
  expect(code, err).toBe(0);
  expect(out).toMatch(/^ks_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}\n$/);
  const key = out.trim();
  expect(await statusWith(key)).toBe(200);
  expect(err).toContain('acme');
  expect(err).toContain(stack.cosmos.endpoint);
  const secret = key.slice(12);
  expect(err).not.toContain(secret);
  expect(await allDocuments(stack.cosmos)).not.toContain(secret);
});

test('--user binds the key, --operator widens it', async () => {
  const { out, err } = await keys(['create', '--tenant', 'acme', '--user', 'ada', '--operator']);
  expect(err).toMatch(/ada.*operator/);
  const key = out.trim();
  expect(await statusWith(key, 'ada')).toBe(200);
  expect(await statusWith(key, 'eve')).toBe(403);
  const redrive = await stack.api().post('/jobs/20260101-aaaaaaaaaaaaaaaaaaaaaa/redrive', undefined, { headers: { 'x-api-key': key } });
  expect(redrive.body.code).toBe('job_not_found');
});

test('a revoked key opens nothing any more; revoking again changes nothing', async () => {
  const { out } = await keys(['create', '--tenant', 'acme']);
  const key = out.trim();
  const first = await keys(['revoke', key.slice(3, 11)]);
  expect(first.code, first.err).toBe(0);
  expect(await statusWith(key)).toBe(401);
  const again = await keys(['revoke', key.slice(3, 11)]);
  expect(again).toMatchObject({ code: 0, err: first.err });
});

test.each(['00000000', 'nothing', 'a|b'])('revoking %j, which is no key, says so', async (prefix) => {
  const { code, err } = await keys(['revoke', prefix]);
  expect(code).toBe(1);
  expect(err).toContain(`There is no key "${prefix}"`);
});

test.each([
  ['--tenant', ['create', '--tenant', 'a|b'], 'tenant must be'],
  ['--user', ['create', '--tenant', 'acme', '--user', '..'], 'user must'],
])('%s obeys the id rule', async (_option, args, message) => {
  const before = await allDocuments(stack.cosmos);
  const { code, out, err } = await keys(args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain(message);
  expect(await allDocuments(stack.cosmos)).toBe(before);
});

test('local.settings.json says where, and the environment says it louder', async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'local.settings.json'), JSON.stringify({ Values: cosmos() }));
  const { code, out } = await keys(['create', '--tenant', 'file'], { cwd, env: {} });
  expect(code).toBe(0);
  expect(await statusWith(out.trim())).toBe(200);
  const elsewhere = await keys(['create', '--tenant', 'file'], { cwd, env: { COSMOS_ENDPOINT: 'http://127.0.0.1:1' } });
  expect(elsewhere).toMatchObject({ code: 1, out: '' });
  expect(elsewhere.err).toContain('Cosmos DB at http://127.0.0.1:1');
});

test('a wrong setting is named as the app names it', async () => {
  const { code, err } = await keys(['create', '--tenant', 'acme'], { env: { COSMOS_ENDPOINT: 'somewhere' } });
  expect(code).toBe(1);
  expect(err).toContain('COSMOS_ENDPOINT: must be');
});

test.each([[[]], [['list']], [['create']], [['revoke']], [['create', 'acme']], [['create', '--tennant', 'a']], [['revoke', 'a', 'b']]])(
  '%j explains the usage',
  async (args) => {
    const { code, out, err } = await keys(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('npm run keys -- create --tenant T');
  },
);

test('--help says why there is no list', async () => {
  const { code, out } = await keys(['--help'], { env: {} });
  expect(code).toBe(0);
  expect(out).toMatch(/no list: .*partition/);
});
