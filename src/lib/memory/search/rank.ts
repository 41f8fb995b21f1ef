import type { Corpus } from './corpus.ts';
import { dateFit } from './query-dates.ts';
import type { Query } from './read-query.ts';
import { sessionScores, windowScores } from './term-scores.ts';

/** What each part of a score weighs, once divided by its largest value among the candidates (measured, docs/benchmarks.md). */
const WEIGHTS = { window: 1, session: 0.3, speaker: 0.4, date: 0.4, when: 0.2, proper: 0.3 };
export type Part = keyof typeof WEIGHTS;
export type Parts = Record<Part, number>;
const PARTS = Object.keys(WEIGHTS) as Part[];
const CONCLUSION = 0.85;

/** An item by its number in the corpus, with its score and what that is the sum of. */
export interface Scored {
  at: number;
  score: number;
  parts: Parts;
}

/**
 * The `limit` best candidates, best first; of equals the later one. A candidate shares a term with the query, itself or through its
 * neighbours, or was said on a date that the query names. Its score is a sum of parts: the terms of message and neighbours, of the
 * whole session, whether it was said by whom the query means, on the date that it names, and says a time when one is asked for.
 */
export function rank(corpus: Corpus, query: Query, { isWanted, limit }: { isWanted: (at: number) => boolean; limit: number }): Scored[] {
  const { hits, window, proper } = windowScores(corpus, query);
  const dates = dateScores(corpus, query, { hits, window });
  const candidates = hits.filter((at) => !corpus.isRemoved(at) && isWanted(at));
  const sessions = sessionScores(corpus, query);
  // A part that this query cannot have is left out: for most queries that is most of them.
  const raw: Partial<Record<Part, (at: number) => number>> = {
    window: (at) => window[at] ?? 0,
    session: (at) => sessions[corpus.sessionOf(at)] ?? 0,
    ...(query.proper.size > 0 && { proper: (at) => proper[at] ?? 0 }),
    ...((query.named.length > 0 || query.role) && { speaker: (at) => (isMeant(corpus, query, at) ? 1 : 0) }),
    ...(dates && { date: dates }),
    ...(query.when && { when: (at) => (corpus.items[at]?.timed ? 1 : 0) }),
  };
  const totals = new Float64Array(corpus.items.length);
  const scales = new Map<Part, number>();
  for (const part of PARTS) {
    const rawAt = raw[part];
    if (rawAt) scales.set(part, addPart(totals, candidates, { weight: WEIGHTS[part], rawAt }));
  }
  for (const at of candidates) totals[at] = (totals[at] ?? 0) * creditOf(corpus, at);
  return best(candidates, totals, limit).map((at) => {
    const partOf = (part: Part): number => creditOf(corpus, at) * (scales.get(part) ?? 0) * (raw[part]?.(at) ?? 0);
    return { at, score: totals[at] ?? 0, parts: Object.fromEntries(PARTS.map((part) => [part, partOf(part)])) as Parts };
  });
}

/** What was concluded counts for a little less than what was said. */
const creditOf = ({ items }: Corpus, at: number): number => (items[at]?.kind === 'turn' ? 1 : CONCLUSION);

/** Adds one part to the totals of all candidates; answers what its values were multiplied by. */
function addPart(totals: Float64Array, candidates: number[], { weight, rawAt }: { weight: number; rawAt: (at: number) => number }): number {
  let largest = 0;
  for (const at of candidates) largest = Math.max(largest, rawAt(at));
  if (largest === 0) return 0;
  const scale = weight / largest;
  for (const at of candidates) totals[at] = (totals[at] ?? 0) + scale * rawAt(at);
  return scale;
}

/** Said by whom the query names; or by the role that it means, where it names nobody. */
function isMeant({ items }: Corpus, { named, role }: Query, at: number): boolean {
  const item = items[at];
  if (!item) return false;
  return named.length > 0 ? named.some((name) => item.names.includes(name)) : item.role === role;
}

/** How well each item fits the dates of the query; what fits and shares no term becomes a hit. */
function dateScores(
  { items }: Corpus,
  { dates }: Query,
  { hits, window }: { hits: number[]; window: Float64Array },
): ((at: number) => number) | undefined {
  if (dates.length === 0) return undefined;
  const fits = new Map<number, number>();
  const fitAt = (at: number): number => {
    const time = items[at]?.at ?? 0;
    const known = fits.get(time);
    if (known !== undefined) return known;
    const fit = Math.max(...dates.map((date) => dateFit(time, date)));
    fits.set(time, fit);
    return fit;
  };
  for (let at = 0; at < items.length; at++) if (window[at] === 0 && fitAt(at) > 0) hits.push(at);
  return fitAt;
}

/** The `limit` candidates of the highest totals, in order. */
function best(candidates: number[], totals: Float64Array, limit: number): number[] {
  const before = (a: number, b: number): boolean => {
    const difference = (totals[a] ?? 0) - (totals[b] ?? 0);
    return difference > 0 || (difference === 0 && a > b);
  };
  const chosen: number[] = [];
  for (const at of candidates) {
    const last = chosen.at(-1);
    if (chosen.length === limit && last !== undefined && !before(at, last)) continue;
    let place = chosen.length;
    while (place > 0 && before(at, chosen[place - 1] ?? 0)) place--;
    chosen.splice(place, 0, at);
    if (chosen.length > limit) chosen.pop();
  }
  return chosen;
}
