/** What the greatest similarity adds to a score by words, whose largest part, the words themselves, is at most 1: docs/benchmarks.md. */
const WEIGHT = 0.3;
/** Cosine below which nothing counts as similar, for any embedding model. */
const FLOOR = 0.2;
/** By how much the nearest must stand out from the middle of its list to count in full. */
const SPREAD = 0.15;
/** So many neighbours say what is usual among them. */
const ENOUGH = 5;

/** An item with its score by words, and what its vector added to it. */
export interface Fused<K> {
  key: K;
  score: number;
  similar: number;
}

/**
 * Scores by words and similarities of vectors as one list, best first; of equals, the one that came first.
 *
 * The rule: score + 0.3 × n, where n goes from 0 for a neighbour that is no nearer than the median of the list (or than a cosine of
 * 0.2, whichever is more) to 1 for the nearest. When the nearest hardly stands out, all count less in proportion: how large cosines are
 * depends on the model, how far apart they are says whether it found something. Nothing is taken from a score by words, so that without
 * neighbours scores and order stay as they are; an item that shares no word comes in with its similarity alone, which no item
 * that has all the words falls behind.
 */
export function fuse<K>(lexical: readonly { key: K; score: number }[], near: readonly { key: K; similarity: number }[]): Fused<K>[] {
  const added = additions(near);
  const known = new Set(lexical.map(({ key }) => key));
  const byWords = lexical.map(({ key, score }) => {
    const similar = added.get(key) ?? 0;
    return { key, score: score + similar, similar };
  });
  const byVector = [...added]
    .filter(([key, similar]) => similar > 0 && !known.has(key))
    .map(([key, similar]) => ({ key, score: similar, similar }));
  return [...byWords, ...byVector].sort((one, other) => other.score - one.score);
}

/** What each neighbour adds. */
function additions<K>(near: readonly { key: K; similarity: number }[]): Map<K, number> {
  const sorted = near.map(({ similarity }) => similarity).toSorted((one, other) => other - one);
  const usual = sorted.length < ENOUGH ? FLOOR : Math.max(FLOOR, sorted[Math.floor(sorted.length / 2)] ?? 0);
  const range = Math.max(SPREAD, (sorted[0] ?? 0) - usual);
  return new Map(near.map(({ key, similarity }) => [key, WEIGHT * Math.min(1, Math.max(0, similarity - usual) / range)]));
}
