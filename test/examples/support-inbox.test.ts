import { afterAll, beforeAll, expect, test } from 'vitest';
import { tickets } from '../../examples/support-inbox-texts.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { exampleRunner } from './example.ts';

const run = exampleRunner('support-inbox');

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { LOG_LEVEL: 'error' } });
});
afterAll(() => stack.stop());

test('there are fifty conversations, each another, of ten customers who come back', () => {
  const all = tickets('x');
  expect(new Set(all.map((ticket) => ticket.text)).size).toBe(50);
  expect(new Set(all.map((ticket) => ticket.customer)).size).toBe(10);
});

test('fifty conversations become facts and summaries while a bar grows, and the ledger says what it took', async () => {
  const { code, output, errors } = await run(`${stack.api().url}/api/`);
  expect(errors).toBe('');
  expect(code).toBe(0);
  expect(output).toMatch(/50 conversations handed in within/);
  const bars = [...output.matchAll(/\[(#*)\.*\] (\d+)\/50 {2}facts (\d+)/g)].map(([, bar = '', done, facts]) => [
    bar.length,
    Number(done),
    Number(facts),
  ]);
  expect(bars.at(-1)).toEqual([30, 50, expect.any(Number)]);
  expect(bars.at(-1)?.[2]).toBeGreaterThanOrEqual(30);
  expect(output).toMatch(/\d+ facts < 50 summaries < 50 transcripts/);
  const known = output.split('Known about nora')[1] ?? '';
  expect(known, 'she moved').not.toMatch(/lives in Utrecht/);
  for (const fact of [/Lyon|Izmir|Bergen/, /prefers delivery in the evening/, /Miso/]) expect(known).toMatch(fact);
  expect(output).toMatch(/^ {2}transcripts +\d+/m);
  expect(output.split('\n').length, 'one screen').toBeLessThan(45);
}, 180_000);

test.each([
  ['nobody there', ['http://127.0.0.1:1/api'], /^No Keepsake answers at http:\/\/127\.0\.0\.1:1\/api.*"npm start".*\n$/],
  ['an unknown option', ['--verbose'], /^Unknown option '--verbose'.*\n$/],
])('%s: one line that says what to do, and exit code 1', async (_what, args, line) => {
  expect(await run(...args)).toMatchObject({ code: 1, output: '', errors: expect.stringMatching(line) });
});

test('--help says how to call it', async () => {
  expect(await run('--help')).toMatchObject({
    code: 0,
    errors: '',
    output: expect.stringContaining('node examples/support-inbox.ts [BASE_URL]'),
  });
});
