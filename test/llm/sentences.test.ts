import { expect, test } from 'vitest';
import { sentencesOf } from '../../src/lib/llm/sentences.ts';

test.each([
  ['plain text', 'I sail. Do you? Yes!', ['I sail.', 'Do you?', 'Yes!']],
  ['titles and abbreviations', 'I met Dr. Lee at St. Anne. She waved.', ['I met Dr. Lee at St. Anne.', 'She waved.']],
  ['German dates', 'Am 3. Mai ziehe ich um. Das freut mich.', ['Am 3. Mai ziehe ich um.', 'Das freut mich.']],
  ['Chinese', '我喜欢茶。你呢？', ['我喜欢茶。', '你呢？']],
  ['lines and lists', 'My plan:\n- row daily\n2. sleep well', ['My plan:', 'row daily', 'sleep well']],
  ['no code', 'Look:\n```js\nconst a = 1.5;\n```\nDone.', ['Look:', 'Done.']],
  ['an unclosed fence', 'Look.\n```\nI am code.', ['Look.']],
  ['no quoted lines, headings or tables', '# Title\n> quoted\n| a | b |\n---\nMine.', ['Mine.']],
  ['emphasis', 'I **really** like it.', ['I really like it.']],
  ['numbers', 'It costs 3.50 euros. Cheap.', ['It costs 3.50 euros.', 'Cheap.']],
  ['nothing', '', []],
])('%s', (_, text, sentences) => {
  expect(sentencesOf(text)).toEqual(sentences);
});

test('a sentence is at most 400 characters, cut between words', () => {
  const pieces = sentencesOf(`${'word '.repeat(300)}end.`);
  expect(pieces.length).toBeGreaterThan(3);
  for (const piece of pieces) {
    expect(piece.length).toBeLessThanOrEqual(400);
    expect(piece).toMatch(/^(word|end)/);
  }
});
