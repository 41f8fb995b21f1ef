import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueKey } from '../functions/issue-key.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { exampleRunner, saysWhatIsWrong } from './example.ts';

const run = exampleRunner('recall');

let stack: Stack;
let guarded: Stack;
beforeAll(async () => {
  [stack, guarded] = await Promise.all([startStack(), startStack({ settings: { AUTH_MODE: 'keys' } })]);
});
afterAll(() => Promise.all([stack.stop(), guarded.stop()]));

/** The lines under a heading, up to the next empty one. */
const under = (output: string, heading: string): string[] =>
  output.split(heading)[1]?.split('\n\n')[0]?.trimEnd().split('\n').slice(1) ?? [];

test('what was said is found, corrected and forgotten, on one screen', async () => {
  const { code, output, errors } = await run(`${stack.api().url}/api/`);
  expect([code, errors]).toEqual([0, '']);
  expect(output.split('\n').length, 'one screen').toBeLessThanOrEqual(40);
  expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);

  const [first, second] = under(output, 'two conversations with').map((line) => line.trim().slice(0, 10));
  expect(Date.parse(second ?? '') - Date.parse(first ?? '')).toBeGreaterThanOrEqual(7 * 86_400_000);
  expect(under(output, 'Asked:'), 'an answer without a word of the question').toContain(`  ${first}  user: Thursday, but not before four.`);
  expect(under(output, 'Context for the next call:')).toContain(`  - [${first}] USER: Thursday, but not before four.`);
  expect(under(output, 'Facts')).toEqual(
    expect.arrayContaining([`  ${first}  User lives in Lisbon.`, `  ${second}  User is allergic to penicillin.`]),
  );

  expect(output).toContain('Corrected: User lives in Porto. (version 2)');
  expect(output).toMatch(/asked now, .* User lives in Porto\.$/m);
  expect(output).toMatch(new RegExp(`asked what was believed ${second} .*User lives in Lisbon\\.$`, 'm'));

  const counts = under(output, 'Forgetting: User is allergic to penicillin.');
  expect(counts[0]).toMatch(/before .*facts 1, retrieve [1-9]\d*, context [1-9]\d*, messages [1-9]$/);
  expect(counts[1]).toMatch(/forgotten .*facts 0, retrieve 0, context 0, messages [1-9]: /);
  expect(counts[2]).toMatch(/its session is deleted .*facts 0, retrieve 0, context 0, messages 0$/);
}, 60_000);

test('what it left behind can be asked for', async () => {
  const { output } = await run(`${stack.api().url}/api`);
  const user = /conversations with (\S+)/.exec(output)?.[1];
  const { body } = await stack.api().get(`/users/${user}/facts`);
  const texts = body.facts.map((fact: { text: string }) => fact.text);
  expect(texts).toContain('User lives in Porto.');
  expect(texts.join(' ')).not.toMatch(/Lisbon|penicillin/);
}, 60_000);

test('a key is sent when there is one, and asked for when there is none', async () => {
  const url = `${guarded.api().url}/api`;
  expect(await run(url)).toMatchObject({ code: 1, errors: expect.stringMatching(/^unauthorized.*--key KEY\)\n$/) });
  expect(await run(url, '--key', await issueKey(guarded.cosmos, { tenant: 'recall' }))).toMatchObject({ code: 0, errors: '' });
}, 60_000);

saysWhatIsWrong(run, { name: 'recall', url: () => stack.api().url });
