import { describe, expect, test } from 'vitest';
import { estimateTokens, messageTokens } from '../../src/lib/llm/tokens.ts';
import { samples } from './token-samples.ts';

describe('estimateTokens', () => {
  test.each(samples)('$name: within 15 %, never more than 10 % too low', ({ text, o200k }) => {
    const ratio = estimateTokens(text) / o200k;
    expect(ratio).toBeGreaterThanOrEqual(0.9);
    expect(ratio).toBeLessThanOrEqual(1.15);
  });

  test('over all samples of a kind the estimate leans neither way by more than 8 %', () => {
    for (const kind of ['english', 'german', 'chinese', 'code']) {
      const ours = samples.filter(({ name }) => name.startsWith(kind));
      const estimated = ours.reduce((sum, { text }) => sum + estimateTokens(text), 0);
      const counted = ours.reduce((sum, { o200k }) => sum + o200k, 0);
      expect(Math.abs(estimated / counted - 1), kind).toBeLessThan(0.08);
    }
  });

  test('nothing costs nothing, anything costs something', () => {
    expect(estimateTokens('')).toBe(0);
    for (const text of ['a', ' ', '7', '\n', '!', '中', '🎉', '\ud800', 'é']) expect(estimateTokens(text)).toBeGreaterThanOrEqual(1);
  });

  test('two halves cost about what the whole costs', () => {
    const text = samples.map((sample) => sample.text).join('\n\n');
    const half = text.length / 2;
    const parts = estimateTokens(text.slice(0, half)) + estimateTokens(text.slice(half));
    expect(Math.abs(parts / estimateTokens(text) - 1)).toBeLessThan(0.1);
  });

  test.each([
    ['one letter', 'a'],
    ['capitals', 'A'],
    ['spaces', ' '],
    ['newlines', '\n'],
    ['brackets', '(('],
    ['apostrophes', "I'"],
    ['Han', '中'],
  ])('time grows with length, not with its square: %s', { retry: 2 }, (_, unit) => {
    const once = fastest(unit.repeat(25_000 / unit.length));
    const sixteenTimes = fastest(unit.repeat(400_000 / unit.length));
    expect(sixteenTimes / Math.max(once, 1)).toBeLessThan(100);
  });
});

test('a message costs its text, its name and four tokens of frame', () => {
  expect(messageTokens({ content: 'hello' })).toBe(estimateTokens('hello') + 4);
  expect(messageTokens({ content: 'hello', name: 'Ada' })).toBe(estimateTokens('hello') + 4 + estimateTokens('Ada'));
});

function fastest(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    const from = performance.now();
    estimateTokens(text);
    best = Math.min(best, performance.now() - from);
  }
  return best;
}
