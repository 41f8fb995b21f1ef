import type { Corpus } from '../src/lib/memory/search/corpus.ts';

const K1 = 1.2;
const B = 0.75;

/** Okapi BM25 (Robertson & Zaragoza 2009) over single messages, with the same terms as the ranking: the baseline to beat. */
export function plainBm25({ items, postings }: Corpus, terms: string[], limit: number): number[] {
  const average = items.reduce((sum, { length }) => sum + length, 0) / (items.length || 1) || 1;
  const scores = new Map<number, number>();
  for (const term of terms) {
    const holding = postings.get(term) ?? { items: [], counts: [] };
    const rarity = Math.log(1 + (items.length - holding.items.length + 0.5) / (holding.items.length + 0.5));
    for (const [i, at] of holding.items.entries()) {
      const count = holding.counts[i] ?? 0;
      const norm = count + K1 * (1 - B + (B * (items[at]?.length ?? 0)) / average);
      scores.set(at, (scores.get(at) ?? 0) + (rarity * count * (K1 + 1)) / norm);
    }
  }
  const order = [...scores].sort(([a, left], [b, right]) => right - left || b - a);
  return order.slice(0, limit).map(([at]) => at);
}
