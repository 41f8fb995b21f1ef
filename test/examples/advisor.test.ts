import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueKey } from '../functions/issue-key.ts';
import { type Stack, startStack } from '../support/stack.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/advisor.ts');

let stack: Stack;
let guarded: Stack;
beforeAll(async () => {
  [stack, guarded] = await Promise.all([startStack(), startStack({ settings: { AUTH_MODE: 'keys' } })]);
});
afterAll(() => Promise.all([stack.stop(), guarded.stop()]));

/** Runs the example as a child process, as a reader would. */
async function run(...args: string[]) {
  const child = spawn(process.execPath, [EXAMPLE, ...args]);
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, output, errors };
}

/** What each session printed, by its number. */
const sessionsOf = (output: string): string[] => output.split(/^Session \d: .*$/m).slice(1);
const opening = (session = ''): string => session.split(/^ {2}client/m)[0] ?? '';
const advice = (session = ''): string => /advisor {2}(I remember.*)/.exec(session)?.[1] ?? '';

test('the second and third consultation open knowing what the first established', async () => {
  const { code, output, errors } = await run(`${stack.api().url}/api`);
  expect(errors).toBe('');
  expect(code).toBe(0);
  const [first, second, third] = sessionsOf(output);
  expect(opening(first)).toContain('opens knowing nothing');
  for (const session of [second, third]) {
    for (const known of [/architect in Hamburg/, /two children/, /low-risk/, /tobacco or weapons/, /retire at 60/])
      expect(opening(session)).toMatch(known);
  }
  expect(advice(second)).toMatch(/low-risk.*tobacco.*retire at 60/);
  expect(advice(third)).toMatch(/two children.*architect/);
}, 60_000);

test('the third knows what the second added, too', async () => {
  const { output } = await run(stack.api().url.replace(/$/, '/api/'));
  const [, second, third] = sessionsOf(output);
  expect(opening(second)).not.toContain('500 euros');
  expect(opening(third)).toMatch(/500 euros a month/);
  expect(advice(third)).toContain('index fund');
}, 60_000);

test('what it stored can be asked for, and every run is a new client', async () => {
  const runs = await Promise.all([run(`${stack.api().url}/api`), run(`${stack.api().url}/api`)]);
  const clients = runs.map(({ output }) => /client (\S+)/.exec(output)?.[1] ?? '');
  expect(new Set(clients).size).toBe(2);
  for (const user_id of clients) {
    const { body } = await stack.api().get(`/users/${user_id}/sessions?status=ended`);
    expect(body.sessions).toHaveLength(3);
  }
  expect(runs[0]?.output).toMatch(/Asked afterwards: .*\n.*500 euros a month/);
}, 60_000);

test('a key is sent when there is one, and asked for when there is none', async () => {
  const base = `${guarded.api().url}/api`;
  expect(await run(base)).toMatchObject({ code: 1, errors: expect.stringMatching(/401 unauthorized.*--key KEY\)\n$/) });
  const key = await issueKey(guarded.cosmos, { tenant: 'bank' });
  const { code, output } = await run(base, '--key', key);
  expect(code).toBe(0);
  expect(sessionsOf(output)).toHaveLength(3);
}, 60_000);

test.each([
  ['nobody there', ['http://127.0.0.1:1/api'], /^No Keepsake answers at http:\/\/127\.0\.0\.1:1\/api.*"npm start".*\n$/],
  ['an address that is none', ['nonsense'], /^No Keepsake answers at nonsense.*\n$/],
  ['an unknown option', ['--verbose'], /^Unknown option '--verbose'.*\n$/],
])('%s: one line that says what to do, and exit code 1', async (_what, args, line) => {
  expect(await run(...args)).toMatchObject({ code: 1, output: '', errors: expect.stringMatching(line) });
});

test('an address without /api is told from a Keepsake', async () => {
  expect(await run(stack.api().url)).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/^What answers .* is not Keepsake.*\/api.*\n$/),
  });
});

test('--help says how to call it', async () => {
  expect(await run('--help')).toMatchObject({
    code: 0,
    errors: '',
    output: expect.stringContaining('node examples/advisor.ts [BASE_URL] [--key KEY]'),
  });
});
