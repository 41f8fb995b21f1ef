import type { Fact, Forgotten, Insight, Summary } from '../../model-memory.ts';
import type { Findable } from '../../model-search.ts';
import { createCorpus, type Item } from './corpus.ts';
import { derivedItem, indexedMessages, wordings } from './findable-item.ts';
import type { IndexedMessage } from './segment.ts';

/** What decides whether a fact, an insight or a summary is wanted, beside its text. Times in ms. */
export interface Belief {
  /** `edited`: it was said otherwise at that time. */
  status: Fact['status'] | 'edited';
  validFrom: number;
  validTo: number | null;
  topics: string[];
}
interface Known {
  version: string;
  items: number[];
}
const IMMUTABLE = ''; // the version of append records

const standing = (found: Insight | Summary): Belief => ({
  status: 'current',
  validFrom: Date.parse(found.created_at),
  validTo: null,
  topics: found.kind === 'summary' ? found.topics : [],
});

export type UserIndex = ReturnType<typeof createUserIndex>;

/** What one user's memories can be found by, in this process; it takes in documents as they are stored, each version once. */
export function createUserIndex() {
  const corpus = createCorpus();
  const known = new Map<string, Known>();
  const beliefs = new Map<number, Belief>();
  const newest = new Map<string, { doc: string; through: number }>();

  function forget(doc: string): void {
    for (const at of known.get(doc)?.items ?? []) {
      corpus.remove(at);
      beliefs.delete(at);
    }
    known.delete(doc);
  }

  function takeMessages(doc: string, messages: IndexedMessage[]): void {
    if (known.has(doc)) return;
    known.set(doc, { version: IMMUTABLE, items: messages.map(({ item, counts }) => corpus.add(item, counts)) });
  }

  function takeDerived(found: Exclude<Findable, { kind: 'append' }>): void {
    forget(found.id);
    known.set(found.id, { version: found._etag, items: [] });
    if (found.kind === 'fact' && found.status === 'quarantined') return;
    if (found.kind === 'summary' && !isNewest(found)) return;
    const believed = found.kind === 'fact' ? wordings(found) : [{ ...derivedItem(found), belief: standing(found) }];
    const items = believed.map(({ item, counts, belief }) => {
      const at = corpus.add(item, counts);
      beliefs.set(at, belief);
      return at;
    });
    known.set(found.id, { version: found._etag, items });
  }

  /** A session's summary grows by replacement: only the one that reaches furthest is found. */
  function isNewest(summary: Extract<Findable, { kind: 'summary' }>): boolean {
    if (summary.level !== 'session' && summary.level !== 'rolling') return false;
    const key = `${summary.session_id}|${summary.epoch}`;
    const best = newest.get(key);
    if (best && best.doc !== summary.id && best.through > summary.to_seq && known.has(best.doc)) return false;
    if (best && best.doc !== summary.id) forget(best.doc);
    newest.set(key, { doc: summary.id, through: summary.to_seq });
    return true;
  }

  return {
    corpus,
    beliefs,
    /** Counts changes: while it stands still, a query finds the same. */
    version: 0,
    /** What was written at or after this time of Cosmos DB (`_ts`, seconds) is to be looked at. */
    since: 0,
    /** The newest such time seen, and when it was first seen (ms of this process). */
    newest: { ts: 0, seenAt: 0 },
    /** How often messages of the user had been purged when it was begun. */
    purgeRev: 0,
    /** What the user has forgotten, and the revision of that. */
    forgotten: [] as Forgotten[],
    forgetRev: 0,
    /** Messages that are in no segment yet, as far as this index has seen. */
    unsegmented: 0,
    /** Whether vectors were asked for. */
    vectorsAsked: false,
    /** Whether this version of a document has been taken in. */
    knows: (doc: string, version: string): boolean => {
      const seen = known.get(doc)?.version;
      return seen !== undefined && (seen === IMMUTABLE || seen === version);
    },
    takeMessages,
    /** Takes in a document, in place of an earlier version of it. */
    take(found: Findable): void {
      this.version++;
      if (found.kind !== 'append') takeDerived(found);
      else if (!known.has(found.id)) {
        this.unsegmented += found.messages.length;
        takeMessages(found.id, indexedMessages(found));
      }
    },
    /** It is not there any more. */
    forget(doc: string): void {
      this.version++;
      forget(doc);
    },
    itemAt: (at: number): Item | undefined => corpus.items[at],
    /** The number of an item, while it is found. */
    find: (doc: string, seq: number): number | undefined => known.get(doc)?.items.find((at) => corpus.items[at]?.seq === seq),
  };
}
