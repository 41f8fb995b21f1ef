import type { RetrieveKind } from '../../requests.ts';

/** One thing of a user that can be found: a message, a fact, an insight or a summary, without its text. */
export interface Item {
  /** Id of the document that holds it. */
  doc: string;
  /** Of a message its place in the session; of a fact's earlier wording the number of its version; else 0. */
  seq: number;
  kind: RetrieveKind;
  session_id: string;
  epoch: number;
  /** Milliseconds since 1970. */
  at: number;
  role: 'user' | 'assistant' | 'system' | 'tool';
  /** Words of the name that it was said under. */
  names: string[];
  /** Content terms, with repetitions. */
  length: number;
  /** It ends with a question mark. */
  asks: boolean;
  /** It says when something was. */
  timed: boolean;
}

/** Which items hold a term, and how often: two lists of the same length, items in the order in which they were added. */
export interface Postings {
  items: number[];
  counts: number[];
}

/** How much a message borrows of the terms of its neighbours in the same session, by their distance (measured, docs/benchmarks.md). */
const BORROWED = { previous: 0.6, previousAsks: 1.2, next: 0.5, secondPrevious: 0.4, secondNext: 0.2 };
const LONG_NEIGHBOUR = 30; // terms: a longer one gives less of each
const LONG_SELF = 40; // terms: a longer one borrows less

export type Corpus = ReturnType<typeof createCorpus>;

/**
 * The search terms of one user, in memory: it grows item by item and nothing of it is computed anew when one is added. Messages stand in
 * chains, one a session and epoch, so that neighbours are known.
 */
export function createCorpus() {
  const items: Item[] = [];
  const postings = new Map<string, Postings>();
  const chains = new Map<string, number[]>();
  const alone: number[] = [];
  const chainAt: number[][] = []; // the chain of each item …
  const placeAt: number[] = []; // … and its place there
  const windows: number[] = []; // own length and what is borrowed
  const names = new Map<string, number>();
  const sessions = new Map<string, number>(); // the number of each session …
  const sessionAt: number[] = []; // … that of each item's …
  const sessionLengths: number[] = []; // … and how many terms its messages have
  const removed = new Set<number>();
  let windowLength = 0;
  let sessionLength = 0;
  let entries = 0;

  const neighbour = (at: number, distance: number): number | undefined => chainAt[at]?.[(placeAt[at] ?? 0) + distance];

  /** What `to` borrows of a term that `from`, its neighbour at this distance, holds once. */
  function share(from: number, to: number, distance: number): number {
    const giver = items[from];
    const taker = items[to];
    if (!giver || !taker) return 0;
    const scale = (LONG_NEIGHBOUR / Math.max(LONG_NEIGHBOUR, giver.length)) * (LONG_SELF / Math.max(LONG_SELF, taker.length));
    return weightAt(distance, giver.asks) * scale;
  }

  function numberOf(session: string): number {
    const known = sessions.get(session);
    if (known !== undefined) return known;
    sessions.set(session, sessionLengths.length);
    return sessionLengths.push(0) - 1;
  }

  function measure(at: number): void {
    const item = items[at];
    if (!item) return;
    let window = item.length;
    for (const distance of DISTANCES) {
      const other = neighbour(at, distance);
      if (other !== undefined) window += share(other, at, distance) * (items[other]?.length ?? 0);
    }
    windowLength += window - (windows[at] ?? 0);
    windows[at] = window;
  }

  function chain(at: number, item: Item): void {
    const key = chainKey(item);
    const members = chains.get(key) ?? [];
    if (members.length === 0) chains.set(key, members);
    let place = members.length;
    while (place > 0 && (items[members[place - 1] ?? -1]?.seq ?? 0) > item.seq) place--;
    members.splice(place, 0, at);
    chainAt[at] = members;
    for (let i = place; i < members.length; i++) placeAt[members[i] ?? 0] = i;
    for (let i = Math.max(0, place - 2); i <= place + 2 && i < members.length; i++) measure(members[i] ?? 0);
  }

  return {
    items,
    postings,
    /** The number of an item's session. */
    sessionOf: (at: number): number => sessionAt[at] ?? 0,
    sessionLengths,
    /** Items without those that were taken out. */
    count: () => items.length - removed.size,
    isRemoved: (at: number): boolean => removed.has(at),
    /** How much memory it takes, roughly, in bytes. */
    bytes: () => items.length * 300 + entries * 16 + postings.size * 120,
    averageWindow: () => windowLength / (items.length || 1) || 1,
    averageSession: () => sessionLength / (sessionLengths.length || 1) || 1,
    windowOf: (at: number): number => windows[at] ?? 0,
    /** Whether somebody speaks under a name with this word. */
    isName: (word: string): boolean => names.has(word),
    neighbour,
    share,

    /** Adds an item with its terms; answers its number. */
    add(item: Item, counts: Iterable<[string, number]>): number {
      const at = items.push(item) - 1;
      for (const [term, count] of counts) {
        const list = postings.get(term) ?? { items: [], counts: [] };
        if (list.items.length === 0) postings.set(term, list);
        list.items.push(at);
        list.counts.push(count);
        entries++;
      }
      for (const name of item.names) names.set(name, (names.get(name) ?? 0) + 1);
      chainAt[at] = alone;
      const session = numberOf(item.session_id);
      sessionAt[at] = session;
      if (item.kind === 'turn') {
        sessionLengths[session] = (sessionLengths[session] ?? 0) + item.length;
        sessionLength += item.length;
        chain(at, item);
      } else measure(at);
      return at;
    },

    /** It is not found any more; what its neighbours borrowed of it stays until the corpus is built anew. */
    remove(at: number): void {
      removed.add(at);
    },
  };
}

export const DISTANCES = [-2, -1, 1, 2] as const;

const chainKey = ({ session_id, epoch }: Item): string => `${session_id}|${epoch}`;

function weightAt(distance: number, giverAsks: boolean): number {
  if (distance === -1) return giverAsks ? BORROWED.previousAsks : BORROWED.previous;
  if (distance === 1) return BORROWED.next;
  return distance === -2 ? BORROWED.secondPrevious : BORROWED.secondNext;
}
