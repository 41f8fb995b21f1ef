import { stemmer } from 'stemmer';
import { eng } from 'stopword';

const STOP = new Set(eng);
const K1 = 1.2;
const B = 0.75;
const WORD = /[\p{L}\p{N}]+/gu;
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** Search terms of a text: Unicode words in lower case, English stop words out, English stems, CJK runs as character pairs. */
export function terms(text: string): string[] {
  const words = text.normalize('NFKC').toLowerCase().match(WORD) ?? [];
  const content = words.filter((word) => !STOP.has(word));
  return content.flatMap((word) => (CJK.test(word) ? pairs(word) : [stemmer(word)]));
}

function pairs(run: string): string[] {
  const chars = [...run];
  return chars.length === 1 ? chars : chars.slice(1).map((char, i) => `${chars[i]}${char}`);
}

/** Okapi BM25 (Robertson & Zaragoza 2009) of every text against the query; same order as the texts. */
export function bm25(query: string, texts: string[]): number[] {
  const wanted = [...new Set(terms(query))];
  const documents = texts.map(terms);
  const averageLength = documents.reduce((sum, d) => sum + d.length, 0) / (documents.length || 1) || 1;
  const counts = documents.map(countTerms);
  const idf = wanted.map((term) => {
    const holding = counts.filter((c) => c.has(term)).length;
    return Math.log(1 + (documents.length - holding + 0.5) / (holding + 0.5));
  });
  return counts.map((count, i) => {
    const length = (documents[i] ?? []).length;
    return wanted.reduce((score, term, t) => {
      const tf = count.get(term) ?? 0;
      const norm = tf + K1 * (1 - B + (B * length) / averageLength);
      return score + ((idf[t] ?? 0) * tf * (K1 + 1)) / (norm || 1);
    }, 0);
  });
}

function countTerms(all: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of all) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
