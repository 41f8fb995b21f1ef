import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueKey } from '../functions/issue-key.ts';
import { type Stack, startStack } from '../support/stack.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/sms-assistant.ts');

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
const base = () => `${stack.api().url}/api`;
const answers = (output: string): string[] => [...output.matchAll(/^ {2}out {2}(.*)$/gm)].map(([, line = '']) => line);

test('the assistant knows what was said and how it is to answer', async () => {
  const { code, output, errors } = await run(base());
  expect([code, errors]).toEqual([0, '']);
  const [first, second, third, fourth] = answers(output);
  expect(first).toContain('Of course, Jonas.');
  expect([second, third]).toEqual(['OK.', 'Noted.']);
  expect(fourth).toBe('You did not say in your last messages.'); // its history is five messages long
  expect(output).toContain('sent 3 of them, the newest: You did not say');
  expect(output).toContain('8 messages stored, 4 answered');
}, 60_000);

test('another process goes on where the first one stopped', async () => {
  const conversation = ['--conversation', 'sms-continued'];
  await run(base(), ...conversation);
  const { output } = await run(`${base()}/`, ...conversation);
  expect(answers(output)[0]).toBe('Noted.'); // it was told to be short before
  expect(output).toContain('16 messages stored, 8 answered');
  const { body } = await stack.api().get('/sessions/sms-continued/fields');
  expect(body.fields).toMatchObject({
    user_preferences: { language: 'auto', response_length: 'short' },
    conversation_stats: { message_count: 8 },
    outbox: [],
  });
}, 60_000);

test('a key is sent when there is one, and asked for when there is none', async () => {
  const url = `${guarded.api().url}/api`;
  expect(await run(url)).toMatchObject({ code: 1, errors: expect.stringMatching(/^unauthorized.*--key KEY\)\n$/) });
  const { code, output } = await run(url, '--key', await issueKey(guarded.cosmos, { tenant: 'sms' }));
  expect(code).toBe(0);
  expect(answers(output)).toHaveLength(4);
}, 60_000);

test.each([
  ['nobody there', ['http://127.0.0.1:1/api'], /^No Keepsake answers at http:\/\/127\.0\.0\.1:1\/api.*"npm start".*\n$/],
  ['an unknown option', ['--verbose'], /^Unknown option '--verbose'.*\n$/],
])('%s: one line that says what to do, and exit code 1', async (_what, args, line) => {
  expect(await run(...args)).toMatchObject({ code: 1, errors: expect.stringMatching(line) });
});

test('an address without /api is told from a Keepsake', async () => {
  expect(await run(stack.api().url)).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/^What answers .* is not Keepsake.*\/api.*\n$/),
  });
});

test('--help says how to call it', async () => {
  const help = await run('--help');
  expect(help).toMatchObject({
    code: 0,
    errors: '',
    output: expect.stringContaining('node examples/sms-assistant.ts [BASE_URL] [--key KEY]'),
  });
});
