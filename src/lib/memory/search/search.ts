import type { FoundMemory } from '../../model-answers-memory.ts';
import type { Findable } from '../../model-search.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { neighbours } from '../vectors/neighbours.ts';
import type { Item } from './corpus.ts';
import { shownAs } from './found.ts';
import { type Hit, propose } from './propose.ts';
import { currentIndex, openIndex } from './read-index.ts';
import { createRecallable, type Recallable } from './recallable.ts';
import type { UserIndex } from './user-index.ts';
import type { Search } from './wanted.ts';

const MAX_ROUNDS = 6;
const NEIGHBOURS = 50;

/**
 * The user's memories that fit a query best: verbatim messages, facts, insights and summaries of all sessions. The index proposes and
 * Cosmos DB disposes: every hit is read from there in this request, so what was deleted or closed meanwhile is never in an answer, and
 * what was stored before the request is found. What was forgotten is not quoted out of old messages either. Errors: tier_unavailable.
 */
export async function searchMemories(services: Services, owner: Owner, search: Search): Promise<FoundMemory[]> {
  const near = services.embeddings && neighbours(services, owner, { query: search.query, limit: Math.max(NEIGHBOURS, search.top_k) });
  const opened = await openIndex(services, owner);
  const documents = new Map<string, Findable>();
  const { version } = opened.index;
  let hits = propose(opened.index, search, undefined);
  // The hits of the index as it is held are read while it is asked what has changed: mostly nothing, and then this is all.
  const [index, similar] = await Promise.all([
    currentIndex(services, owner, opened),
    near,
    readDocuments(services, owner, { index: opened.index, documents, hits }),
  ]);
  if (index !== opened.index || index.version !== version || similar) hits = propose(index, search, similar);
  const recallable = createRecallable(index.forgotten, search.query);
  const silent = new Set<Item>();
  const isLeftOut = (item: Item): boolean => silent.has(item) || search.isLeftOut?.(item) === true;
  for (let round = 1; ; round++) {
    await readDocuments(services, owner, { index, documents, hits });
    const shown = hits.map((hit) => show(index, hit, { documents, recallable }));
    const found = shown.filter((one) => one !== 'gone' && one !== 'silent');
    if (found.length === shown.length || round === MAX_ROUNDS) return found;
    for (const [i, hit] of hits.entries()) {
      const item = index.itemAt(hit.at);
      if (shown[i] === 'silent' && item) silent.add(item);
      if (shown[i] === 'gone' && item) settle(index, item.doc, documents);
    }
    hits = propose(index, { ...search, isLeftOut }, similar);
  }
}

interface Reading {
  index: UserIndex;
  hits: Hit[];
  documents: Map<string, Findable>;
}

/** Reads what holds the hits, as far as it has not been read in this request. */
async function readDocuments({ warm }: Services, owner: Owner, { index, hits, documents }: Reading): Promise<void> {
  const ids = new Set(hits.flatMap(({ at }) => index.itemAt(at)?.doc ?? []));
  const unread = [...ids].filter((id) => !documents.has(id));
  for (const document of await warm.search.readFindable(owner, unread)) documents.set(document.id, document);
}

/** Takes what is gone out of the index, and another version of it in; that is read before it is shown. */
function settle(index: UserIndex, doc: string, documents: Map<string, Findable>): void {
  const document = documents.get(doc);
  if (document) index.take(document);
  else index.forget(doc);
}

/** `gone`: Cosmos DB does not hold what was ranked, or not in that version. `silent`: what it says was forgotten. */
function show(
  index: UserIndex,
  { at, score, parts }: Hit,
  { documents, recallable }: { documents: Map<string, Findable>; recallable: Recallable },
): FoundMemory | 'gone' | 'silent' {
  const item = index.itemAt(at);
  const document = documents.get(item?.doc ?? '');
  if (!item || !document || !index.knows(document.id, document._etag)) return 'gone';
  const found = shownAs(item, document, recallable);
  return found ? { ...found, score: rounded(score), explain: roundedParts(parts) } : 'silent';
}

const rounded = (score: number): number => Math.round(score * 10_000) / 10_000;
const roundedParts = (parts: Hit['parts']): Hit['parts'] => {
  const entries = Object.entries(parts).map(([part, value]) => [part, rounded(value)]);
  return Object.fromEntries(entries) as Hit['parts'];
};
