import type { Corpus } from './corpus.ts';
import { FUNCTION_WORDS, QUESTION_WORDS } from './english-forms.ts';
import { asksWhen, datesIn, type NamedDate } from './query-dates.ts';
import { countsOf, termsOf, wordsOf } from './search-terms.ts';

/** A query as the ranking sees it. */
export interface Query {
  /** Its content terms, and how often it has each. */
  terms: Map<string, number>;
  /** Those that are written like names or numbers, other than the speakers' names. */
  proper: Set<string>;
  /** Words of it that somebody speaks under. */
  named: string[];
  /** Whose messages "I" or "you" mean, where nobody is named. */
  role: 'user' | 'assistant' | undefined;
  dates: NamedDate[];
  /** It asks for a time. */
  when: boolean;
}

// Not at the beginning of a sentence, where a capital says nothing.
const CAPITALISED = /(?<=[^.!?\s]\s+["'“]?)(\p{Lu}[\p{L}\p{N}'’-]+|\d+)/gu;
const ME = /\b(?:i|my|me|mine|we|our|us)\b/i;
const YOU = /\b(?:you|your|yours)\b/i;

/**
 * Reads a query against those who speak in the corpus: a speaker's name says whose messages are meant and is no term; neither are the
 * words that only give a question its form, as long as others are left.
 */
export function readQuery(query: string, corpus: Corpus): Query {
  const words = wordsOf(query);
  const named = [...new Set(words)].filter(corpus.isName);
  const topical = words.filter((word) => !corpus.isName(word));
  const asked = topical.filter((word) => !QUESTION_WORDS.has(word));
  const kept = asked.some((word) => !FUNCTION_WORDS.has(word)) ? asked : topical;
  const capitals = [...query.matchAll(CAPITALISED)].flatMap(([, word = '']) => wordsOf(word));
  return {
    terms: countsOf(termsOf(kept)),
    proper: new Set(termsOf(capitals.filter((word) => !corpus.isName(word)))),
    named,
    role: named.length > 0 ? undefined : roleMeant(query),
    dates: datesIn(query),
    when: asksWhen(query),
  };
}

function roleMeant(query: string): Query['role'] {
  if (ME.test(query)) return 'user';
  return YOU.test(query) ? 'assistant' : undefined;
}
