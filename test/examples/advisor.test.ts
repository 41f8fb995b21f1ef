import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueKey } from '../functions/issue-key.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { exampleRunner, saysWhatIsWrong } from './example.ts';

const run = exampleRunner('advisor');

let stack: Stack;
let guarded: Stack;
beforeAll(async () => {
  [stack, guarded] = await Promise.all([startStack(), startStack({ settings: { AUTH_MODE: 'keys' } })]);
});
afterAll(() => Promise.all([stack.stop(), guarded.stop()]));

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

saysWhatIsWrong(run, { name: 'advisor', url: () => stack.api().url, looksFirst: true });
