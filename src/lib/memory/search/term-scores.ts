import { type Corpus, DISTANCES, type Postings } from './corpus.ts';
import type { Query } from './read-query.ts';

// BM25, Robertson & Zaragoza 2009; the figures were measured on labelled conversations (docs/benchmarks.md).
const WINDOW = { k1: 1.6, b: 0.85 };
const SESSION = { k1: 1.2, b: 0.75 };

const inverseFrequency = (total: number, holding: number): number => Math.log(1 + (total - holding + 0.5) / (holding + 0.5));

function saturated(count: number, { k1, b }: { k1: number; b: number }, relativeLength: number): number {
  return (count * (k1 + 1)) / (count + k1 * (1 - b + b * relativeLength));
}

export interface WindowScores {
  /** Items that hold or borrow a term of the query. */
  hits: number[];
  /** BM25 of each item with what it borrows of its neighbours, by item. */
  window: Float64Array;
  /** The same of the query's proper terms alone. */
  proper: Float64Array;
}

/** Scores each message by its own terms and, at a lower weight, by its neighbours': an answer is found by the words of its question. */
export function windowScores(corpus: Corpus, query: Query): WindowScores {
  const size = corpus.items.length;
  const [window, proper, weights] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const hits: number[] = [];
  const average = corpus.averageWindow();
  for (const [term, times] of query.terms) {
    const postings = corpus.postings.get(term);
    if (!postings) continue;
    const rarity = inverseFrequency(size, postings.items.length) * times;
    const isProper = query.proper.has(term);
    for (const at of spread(corpus, postings, weights)) {
      const score = rarity * saturated(weights[at] ?? 0, WINDOW, corpus.windowOf(at) / average);
      weights[at] = 0;
      if (window[at] === 0) hits.push(at);
      window[at] = (window[at] ?? 0) + score;
      if (isProper) proper[at] = (proper[at] ?? 0) + score;
    }
  }
  return { hits, window, proper };
}

/** Adds a term's weight in every item that holds or borrows it to `weights`; answers those items. */
function spread(corpus: Corpus, { items, counts }: Postings, weights: Float64Array): number[] {
  const touched: number[] = [];
  const give = (at: number, weight: number) => {
    if (weights[at] === 0) touched.push(at);
    weights[at] = (weights[at] ?? 0) + weight;
  };
  for (let i = 0; i < items.length; i++) {
    const from = items[i] ?? 0;
    const count = counts[i] ?? 0;
    give(from, count);
    for (const distance of DISTANCES) {
      const to = corpus.neighbour(from, -distance);
      if (to !== undefined) give(to, count * corpus.share(from, to, distance));
    }
  }
  return touched;
}

/** BM25 of whole sessions, by the number of the session. */
export function sessionScores(corpus: Corpus, { terms }: Query): Float64Array {
  const { sessionLengths, sessionOf, items } = corpus;
  const scores = new Float64Array(sessionLengths.length);
  const counts = new Float64Array(sessionLengths.length);
  const average = corpus.averageSession();
  for (const [term, times] of terms) {
    const postings = corpus.postings.get(term);
    if (!postings) continue;
    const touched: number[] = [];
    for (let i = 0; i < postings.items.length; i++) {
      const at = postings.items[i] ?? 0;
      if (items[at]?.kind !== 'turn') continue;
      const session = sessionOf(at);
      if (counts[session] === 0) touched.push(session);
      counts[session] = (counts[session] ?? 0) + (postings.counts[i] ?? 0);
    }
    const rarity = inverseFrequency(sessionLengths.length, touched.length) * times;
    for (const session of touched) {
      const relative = (sessionLengths[session] ?? 0) / average;
      scores[session] = (scores[session] ?? 0) + rarity * saturated(counts[session] ?? 0, SESSION, relative);
      counts[session] = 0;
    }
  }
  return scores;
}
