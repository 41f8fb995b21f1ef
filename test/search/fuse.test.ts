import { describe, expect, test } from 'vitest';
import { fuse } from '../../src/lib/memory/vectors/fuse.ts';

const lexical = [
  { key: 'a', score: 1.4 },
  { key: 'b', score: 0.9 },
  { key: 'c', score: 0.9 },
  { key: 'd', score: 0.1 },
];

describe('fusing words and vectors', () => {
  test('without neighbours changes neither order nor scores', () => {
    expect(fuse(lexical, [])).toEqual(lexical.map((one) => ({ ...one, similar: 0 })));
  });

  test('neighbours that are not similar, or all alike, change nothing', () => {
    const dull = lexical.map(({ key }) => ({ key, similarity: 0.15 }));
    const alike = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => ({ key, similarity: 0.8 }));
    for (const near of [dull, alike]) expect(fuse(lexical, near)).toEqual(lexical.map((one) => ({ ...one, similar: 0 })));
  });

  test('the most similar rises, and comes in when it shares no word', () => {
    const near = [
      { key: 'x', similarity: 0.7 },
      { key: 'd', similarity: 0.6 },
      ...['p', 'q', 'r', 's', 't'].map((key) => ({ key, similarity: 0.3 })),
    ];
    const fused = fuse(lexical, near);
    expect(fused.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'x']);
    expect(fused.find(({ key }) => key === 'x')?.score).toBeCloseTo(0.3);
  });

  test('takes nothing from a score by words', () => {
    const near = [{ key: 'd', similarity: 0.9 }];
    for (const { key, score } of fuse(lexical, near)) {
      expect(score).toBeGreaterThanOrEqual(lexical.find((one) => one.key === key)?.score ?? 0);
    }
  });
});
