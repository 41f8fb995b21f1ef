import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueKey } from '../functions/issue-key.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { exampleRunner, saysWhatIsWrong } from './example.ts';

const run = exampleRunner('sms-assistant');

let stack: Stack;
let guarded: Stack;
beforeAll(async () => {
  [stack, guarded] = await Promise.all([startStack(), startStack({ settings: { AUTH_MODE: 'keys' } })]);
});
afterAll(() => Promise.all([stack.stop(), guarded.stop()]));

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

saysWhatIsWrong(run, { name: 'sms-assistant', url: () => stack.api().url });
