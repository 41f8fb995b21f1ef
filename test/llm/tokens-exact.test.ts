import fc from 'fast-check';
import { Tiktoken } from 'js-tiktoken/lite';
import o200k from 'js-tiktoken/ranks/o200k_base';
import { describe, expect, test } from 'vitest';
import { estimateTokens } from '../../src/lib/llm/tokens.ts';
import { createTokenCounter } from '../../src/lib/llm/tokens-exact.ts';
import { samples } from './token-samples.ts';

const counter = createTokenCounter();
const reference = new Tiktoken(o200k);
const exactly = (text: string): number => reference.encode(text, [], []).length;
const counted = async (text: string): Promise<number> => (await counter.count([text])).counts[0]!;

describe('exact counts', () => {
  test.each(samples)('$name', async ({ text, o200k: expected }) => {
    expect(await counter.count([text])).toEqual({ counts: [expected], method: 'o200k_base' });
  });

  test('of whole documents of words are what the reference says, although they are counted in pieces', async () => {
    const words = samples.filter(({ name }) => !name.startsWith('chinese')).map(({ text }) => text);
    const text = [...words, ...words.toReversed()].join('\n\n');
    expect(text.length).toBeGreaterThan(4000);
    expect(await counted(text)).toBe(exactly(text));
  });

  test('of any short text are what the reference says', async () => {
    const unit = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.constantFrom(' ', '  \n', '\r\n', "'s", '/', '中文', '…', '9999', 'ÄÖ', '🎉'),
    );
    const property = fc.asyncProperty(fc.array(unit, { maxLength: 12 }), async (parts) => {
      const text = parts.join('');
      expect(await counted(text)).toBe(exactly(text));
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test('of a run without a word end are off by at most a token a piece', async () => {
    const text = '分布式系统中的一致性协议要求每个副本在提交之前获得多数节点的确认'.repeat(60);
    const pieces = Math.ceil(text.length / 512);
    expect(Math.abs((await counted(text)) - exactly(text))).toBeLessThanOrEqual(pieces);
  }, 60_000);

  test('take what looks like a special token as ordinary text', async () => {
    expect(await counted('<|endoftext|>')).toBe(exactly('<|endoftext|>'));
    expect(await counted('<|endoftext|>')).toBeGreaterThan(3);
    expect(await counted('a <|endofprompt|> b')).toBeGreaterThan(5);
  });

  test('of nothing are nothing', async () => {
    expect(await counter.count([''])).toEqual({ counts: [0], method: 'o200k_base' });
    expect(await counter.count([])).toEqual({ counts: [], method: 'o200k_base' });
  });
});

const LENGTH = 50_000;
const prose = samples
  .filter(({ name }) => name.startsWith('english'))
  .map(({ text }) => text)
  .join(' ');
const filled = (unit: string): string => unit.repeat(Math.ceil(LENGTH / unit.length)).slice(0, LENGTH);

test.each([
  ['one letter', 'a'],
  ['capitals', 'A'],
  ['spaces', ' '],
  ['newlines', '\n'],
  ['exclamation marks', '!'],
  ['one Han character', '中'],
  ['running Chinese', '分布式系统中的一致性协议要求每个副本在提交之前获得多数节点'],
  ['Thai', 'สวัสดีครับผมชื่อ'],
  ['emoji', '🎉'],
])('50,000 characters of %s cost at most 25 times what prose costs', { retry: 2, timeout: 60_000 }, async (_, unit) => {
  await counted('warm');
  const ordinary = await fastest(filled(`${prose} `));
  expect(await fastest(filled(unit))).toBeLessThan(25 * ordinary);
});

/** Milliseconds; a new text each time, because counts are kept. */
async function fastest(text: string): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const from = performance.now();
    await counted(text.slice(round));
    best = Math.min(best, performance.now() - from);
  }
  return best;
}

test('others run while a long text is counted, and while the vocabulary is read', { retry: 2, timeout: 60_000 }, async () => {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const other = createTokenCounter({ load: async () => o200k });
  await other.count([filled('中')]);
  clearInterval(timer);
  expect(longest).toBeLessThan(200);
});

test('a text is counted once', async () => {
  const text = filled(`${prose} once more `);
  const from = performance.now();
  await counted(text);
  const first = performance.now() - from;
  const again = performance.now();
  await counted(text);
  expect(performance.now() - again).toBeLessThan(first / 3);
});

test('without the vocabulary the counts are estimates and say so; the next call tries again, and many at once load it once', async () => {
  let loads = 0;
  const reasons: unknown[] = [];
  const flaky = createTokenCounter({
    load: async () => {
      loads++;
      if (loads === 1) throw new Error('not installed');
      return o200k;
    },
    onFallback: (error) => reasons.push(error),
  });
  expect(loads, 'not before it is needed').toBe(0);
  expect(await flaky.count(['hello there'])).toEqual({ counts: [estimateTokens('hello there')], method: 'estimate' });
  expect(reasons).toEqual([new Error('not installed')]);
  const answers = await Promise.all([flaky.count(['one']), flaky.count(['two']), flaky.count(['three'])]);
  expect(answers.map(({ method }) => method)).toEqual(['o200k_base', 'o200k_base', 'o200k_base']);
  expect(loads).toBe(2);
});
