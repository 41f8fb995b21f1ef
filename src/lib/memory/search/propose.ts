import type { Neighbour } from '../../model-vectors.ts';
import { fuse } from '../vectors/fuse.ts';
import { type Parts, rank } from './rank.ts';
import { readQuery } from './read-query.ts';
import type { UserIndex } from './user-index.ts';
import { type Search, wantedBy } from './wanted.ts';

const AMONG = 500; // the best by words that vectors may move

/** A hit before it was read: an item by its number, its score and what that is the sum of. */
export interface Hit {
  at: number;
  score: number;
  parts: Parts & { similar?: number };
}
const NO_PARTS: Parts = { window: 0, session: 0, speaker: 0, date: 0, when: 0, proper: 0 };

/** The best hits of an index: by words, and where there are neighbours of the query's vector, by both together. */
export function propose(index: UserIndex, search: Search, near: Neighbour[] | undefined): Hit[] {
  const { corpus } = index;
  const isWanted = wantedBy(index, search);
  const limit = near ? AMONG : search.top_k;
  const byWords = rank(corpus, readQuery(search.query, corpus), { isWanted, limit });
  if (!near) return byWords;
  const similar = near.flatMap(({ item, seq, similarity }) => {
    const at = index.find(item, seq);
    return at !== undefined && isWanted(at) ? [{ key: at, similarity }] : [];
  });
  const parts = new Map(byWords.map((hit) => [hit.at, hit.parts]));
  const fused = fuse(
    byWords.map(({ at, score }) => ({ key: at, score })),
    similar,
  );
  return fused.slice(0, search.top_k).map(({ key, score, similar: added }) => {
    return { at: key, score, parts: { ...(parts.get(key) ?? NO_PARTS), similar: added } };
  });
}
