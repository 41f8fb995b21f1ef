import { stemmer } from 'stemmer';
import { baseForm, FUNCTION_WORDS } from './english-forms.ts';

const UNSPACED = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]`;
const WORD = new RegExp(String.raw`${UNSPACED}+|[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’]\p{L}+)?`, 'gu');
const IS_UNSPACED = new RegExp(UNSPACED, 'u');
const ENGLISH = /^[a-z]+$/;
const MAX_STEMS = 50_000; // of this process: a word's stem is cut once

const stems = new Map<string, string>();

/**
 * The words of a text in lower case (NFKC): what Unicode calls letters and digits; possessive 's cut, apostrophes left out. Runs of
 * scripts without spaces become pairs of characters, so that any two words of them can meet.
 */
export function wordsOf(text: string): string[] {
  const found: string[] = [];
  for (const [word] of text.normalize('NFKC').toLowerCase().matchAll(WORD)) {
    if (IS_UNSPACED.test(word)) found.push(...pairs(word));
    else found.push(word.replace(/['’]s$/, '').replace(/['’]/g, ''));
  }
  return found;
}

function pairs(run: string): string[] {
  const characters = [...run];
  return characters.length === 1 ? characters : characters.slice(1).map((character, i) => `${characters[i]}${character}`);
}

/** The search terms of words: English function words out, irregular forms to their base, English endings cut (Porter 1980). */
export const termsOf = (words: string[]): string[] => words.filter((word) => !FUNCTION_WORDS.has(word)).map(stem);

function stem(word: string): string {
  if (!ENGLISH.test(word)) return word;
  const known = stems.get(word);
  if (known !== undefined) return known;
  const cut = stemmer(baseForm(word));
  if (stems.size >= MAX_STEMS) stems.clear();
  stems.set(word, cut);
  return cut;
}

/** How often each term occurs. */
export function countsOf(terms: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
