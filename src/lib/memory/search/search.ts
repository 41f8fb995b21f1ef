import type { FoundMemory } from '../../model-answers-memory.ts';
import type { Findable } from '../../model-search.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { neighbours } from '../vectors/neighbours.ts';
import { shownAs } from './found.ts';
import { type Hit, propose } from './propose.ts';
import { currentIndex, openIndex } from './read-index.ts';
import type { UserIndex } from './user-index.ts';
import type { Search } from './wanted.ts';

const MAX_ROUNDS = 4;
const NEIGHBOURS = 50;

/**
 * The user's memories that fit a query best: verbatim messages, facts, insights and summaries of all sessions. The index proposes and
 * Cosmos DB disposes: every hit is read from there in this request, so what was deleted or closed meanwhile is never in an answer, and
 * what was stored before the request is found. Errors: tier_unavailable.
 */
export async function searchMemories(services: Services, owner: Owner, search: Search): Promise<FoundMemory[]> {
  const near = services.embeddings && neighbours(services, owner, { query: search.query, limit: Math.max(NEIGHBOURS, search.top_k) });
  const opened = await openIndex(services, owner);
  const documents = new Map<string, Findable>();
  const { version } = opened.index;
  let scored = propose(opened.index, search, undefined);
  // The hits of the index as it is held are read while it is asked what has changed: mostly nothing, and then this is all.
  const [index, similar] = await Promise.all([
    currentIndex(services, owner, opened),
    near,
    readDocuments(services, owner, { index: opened.index, documents, scored }),
  ]);
  if (index !== opened.index || index.version !== version || similar) scored = propose(index, search, similar);
  for (let round = 1; ; round++) {
    await readDocuments(services, owner, { index, documents, scored });
    const gone = scored.filter(({ at }) => !isThere(index, at, documents));
    if (gone.length === 0 || round === MAX_ROUNDS) return scored.flatMap((hit) => shown(index, hit, documents));
    settle(index, gone, documents);
    scored = propose(index, search, similar);
  }
}

interface Reading {
  index: UserIndex;
  scored: Hit[];
  documents: Map<string, Findable>;
}

/** Reads what holds the hits, as far as it has not been read in this request. */
async function readDocuments({ warm }: Services, owner: Owner, { index, scored, documents }: Reading): Promise<void> {
  const ids = new Set(scored.flatMap(({ at }) => index.itemAt(at)?.doc ?? []));
  const unread = [...ids].filter((id) => !documents.has(id));
  for (const document of await warm.search.readFindable(owner, unread)) documents.set(document.id, document);
}

/** Whether a hit is what Cosmos DB holds, in the version that was ranked. */
function isThere(index: UserIndex, at: number, documents: Map<string, Findable>): boolean {
  const document = documents.get(index.itemAt(at)?.doc ?? '');
  return document !== undefined && index.knows(document.id, document._etag);
}

/** Takes out of the index what is gone, and in what has another version by now; that is read again before it is shown. */
function settle(index: UserIndex, gone: Hit[], documents: Map<string, Findable>): void {
  for (const { at } of gone) {
    const doc = index.itemAt(at)?.doc ?? '';
    const document = documents.get(doc);
    if (!document) index.forget(doc);
    else index.take(document);
  }
}

function shown(index: UserIndex, { at, score, parts }: Hit, documents: Map<string, Findable>): FoundMemory[] {
  const item = index.itemAt(at);
  const document = item && isThere(index, at, documents) ? documents.get(item.doc) : undefined;
  const found = item && document && shownAs(item, document);
  return found ? [{ ...found, score: rounded(score), explain: roundedParts(parts) }] : [];
}

const rounded = (score: number): number => Math.round(score * 10_000) / 10_000;
const roundedParts = (parts: Hit['parts']): Hit['parts'] => {
  const entries = Object.entries(parts).map(([part, value]) => [part, rounded(value)]);
  return Object.fromEntries(entries) as Hit['parts'];
};
