import { expect, test } from 'vitest';
import { createCorpus, type Item } from '../../src/lib/memory/search/corpus.ts';
import { saysWhen } from '../../src/lib/memory/search/query-dates.ts';
import { rank } from '../../src/lib/memory/search/rank.ts';
import { readQuery } from '../../src/lib/memory/search/read-query.ts';
import { countsOf, termsOf, wordsOf } from '../../src/lib/memory/search/search-terms.ts';

type Said = { text: string } & Partial<Omit<Item, 'names'>> & { name?: string };

/** A corpus of these texts, in one session unless they say otherwise. */
function corpusOf(said: Said[]) {
  const corpus = createCorpus();
  for (const [i, { text, name, ...given }] of said.entries()) {
    const terms = termsOf(wordsOf(text));
    const usual = { doc: `d${i}`, seq: i + 1, kind: 'turn', session_id: 's', epoch: 0, at: Date.UTC(2026, 2, 1), role: 'user' } as const;
    const read = { length: terms.length, asks: text.endsWith('?'), timed: saysWhen(text), names: wordsOf(name ?? '') };
    corpus.add({ ...usual, ...read, ...given }, countsOf(terms));
  }
  return corpus;
}

/** The texts that a query finds, best first. */
function found(
  said: Said[],
  query: string,
  { limit = 10, isWanted = () => true }: { limit?: number; isWanted?: (at: number) => boolean } = {},
) {
  const corpus = corpusOf(said);
  return rank(corpus, readQuery(query, corpus), { isWanted, limit }).map(({ at }) => said[at]?.text);
}

const FILLER: Said[] = ['The weather is dull.', 'Work was long again.', 'I had soup for lunch.', 'The bus came late.'].map((text, i) => ({
  text,
  session_id: `other${i}`,
}));

test.each([
  ['endings', 'Which boats do they sail?', 'She was sailing a small boat.'],
  ['irregular forms', 'Who taught the children?', 'I teach one child on Mondays.'],
  ['Unicode forms', 'cafe\u0301 terrace', 'We met on the café’s terrace.'],
  ['Chinese', '他住在柏林吗', '我去年搬到柏林了。'],
  ['Japanese', '寿司は好きですか', '昨日、友達と寿司を食べました。'],
  ['German', 'Wo wohnt seine Großmutter?', 'Meine Großmutter wohnt in Köln.'],
  ['Russian', 'Когда поезд прибывает?', 'Мой поезд прибывает утром.'],
  ['numbers', 'What is the code 4711 for?', 'The bike lock is 4711.'],
])('%s: a query meets a text by its words', (_what, query, text) => {
  expect(found([...FILLER, { text }], query)[0]).toBe(text);
});

test('an answer is found by the words of its question, and by the session around it', () => {
  const talk: Said[] = [
    { text: 'What is the name of your parrot?', role: 'assistant', session_id: 'birds' },
    { text: 'Kiwi, after the fruit.', session_id: 'birds' },
  ];
  expect(found([...FILLER, ...talk], 'parrot').slice(0, 2)).toEqual(expect.arrayContaining(talk.map(({ text }) => text)));
  const apart = talk.map((said, i) => ({ ...said, session_id: `apart${i}` }));
  expect(found([...FILLER, ...apart], 'parrot')).toEqual([talk[0]?.text]);
});

test('a neighbour stored later, or out of order, lends its words all the same', () => {
  const talk: Said[] = [
    { text: 'Kiwi, after the fruit.', seq: 2 },
    { text: 'What is the name of your parrot?', role: 'assistant', seq: 1 },
    { text: 'A green one, then.', role: 'assistant', seq: 3 },
  ];
  const inOrder = [talk[1], talk[0], talk[2]] as Said[];
  expect(new Set(found(talk, 'parrot'))).toEqual(new Set(found(inOrder, 'parrot')));
});

test('epochs of a session are different conversations', () => {
  const talk: Said[] = [
    { text: 'What is the name of your parrot?', epoch: 1 },
    { text: 'Kiwi, after the fruit.', epoch: 2 },
  ];
  expect(found(talk, 'parrot')).toEqual([talk[0]?.text]);
});

test('a name in the query means who said it; "I" means the user and "you" the assistant', () => {
  const talk: Said[] = [
    { text: 'I went hiking with a friend.', name: 'Mel', session_id: 'a' },
    { text: 'I went hiking with a friend.', name: 'Caro', role: 'assistant', session_id: 'b' },
  ];
  const whose = (query: string) => {
    const corpus = corpusOf(talk);
    return rank(corpus, readQuery(query, corpus), { isWanted: () => true, limit: 1 })[0]?.at;
  };
  expect(whose('Where did Mel go hiking?')).toBe(0);
  expect(whose('Where did Caro go hiking?')).toBe(1);
  expect(whose('Where did I go hiking?')).toBe(0);
  expect(whose('Where did you go hiking?')).toBe(1);
});

test('a date in the query prefers what was said on it, then soon after it', () => {
  const on = (month: number, day: number, session_id: string): Said => ({
    text: `We ate pancakes, ${session_id}.`,
    at: Date.UTC(2026, month, day),
    session_id,
  });
  const talk = [on(0, 2, 'early'), on(2, 14, 'there'), on(2, 17, 'soon after'), on(5, 1, 'late')];
  expect(found(talk, 'What did we eat on 14 March 2026?').slice(0, 2)).toEqual([talk[1]?.text, talk[2]?.text]);
  expect(found(talk, 'What did we eat on March 14th?')[0]).toBe(talk[1]?.text);
  expect(found(talk, 'What did we eat on 2026-03-14?')[0]).toBe(talk[1]?.text);
  expect(found(talk, 'What did we eat in June 2026?')[0]).toBe(talk[3]?.text);
});

test('who asks for a time is answered by what says one', () => {
  const talk: Said[] = [
    { text: 'The pottery class is fun.', session_id: 'a' },
    { text: 'The pottery class began last week.', session_id: 'b' },
  ];
  expect(found(talk, 'When did the pottery class begin?')[0]).toBe(talk[1]?.text);
});

test('what shares no word with the query is not found, however often the user is meant', () => {
  expect(found(FILLER, 'Do I like my quantum physics lessons?')).toEqual([]);
  expect(found(FILLER, '???')).toEqual([]);
  expect(found([], 'anything')).toEqual([]);
});

test('only what is wanted is found and counts for what is best; of equals the later one comes first', () => {
  const same: Said[] = ['one', 'two', 'three'].map((session_id) => ({ text: 'The anchor is heavy.', session_id, doc: session_id }));
  const corpus = corpusOf(same);
  const order = rank(corpus, readQuery('anchor', corpus), { isWanted: (at) => at !== 2, limit: 5 }).map(({ at }) => at);
  expect(order).toEqual([1, 0]);
});

test('the parts of a score add up to it', () => {
  const corpus = corpusOf([...FILLER, { text: 'On 3 May I bought a Tandem in Utrecht.', at: Date.UTC(2026, 4, 3) }]);
  const [best] = rank(corpus, readQuery('When did I buy the Tandem in May 2026?', corpus), { isWanted: () => true, limit: 1 });
  const parts = Object.values(best?.parts ?? {});
  expect(parts.filter((part) => part > 0).length).toBe(6);
  expect(parts.reduce((a, b) => a + b, 0)).toBeCloseTo(best?.score ?? 0, 10);
});

test('adding one item computes nothing of the others anew but its neighbours', () => {
  const grown = createCorpus();
  const said: Said[] = Array.from({ length: 50 }, (_, i) => ({
    text: `Message ${i} about topic${i % 7}.`,
    session_id: `s${i % 3}`,
    seq: i,
  }));
  const whole = corpusOf(said);
  for (const [i, { text, ...given }] of said.entries()) {
    const terms = termsOf(wordsOf(text));
    const item = {
      doc: `d${i}`,
      kind: 'turn',
      epoch: 0,
      at: Date.UTC(2026, 2, 1),
      role: 'user',
      names: [],
      asks: false,
      timed: false,
    } as const;
    grown.add({ ...item, names: [], seq: i, session_id: '', ...given, length: terms.length }, countsOf(terms));
    rank(grown, readQuery('topic3', grown), { isWanted: () => true, limit: 3 }); // looking between additions changes nothing
  }
  const ask = (corpus: typeof whole) => rank(corpus, readQuery('topic3 message', corpus), { isWanted: () => true, limit: 20 });
  expect(ask(grown).map(({ at }) => at)).toEqual(ask(whole).map(({ at }) => at));
  expect(grown.averageWindow()).toBeCloseTo(whole.averageWindow(), 10);
});
