import type { UserRecord } from '../../model.ts';
import type { Findable } from '../../model-search.ts';
import type { Services } from '../../services.ts';
import { type Owner, segmentId } from '../../tiers/keys.ts';
import { ANALYSIS, type IndexedMessage, unpackSegment } from './segment.ts';

export type Append = Extract<Findable, { kind: 'append' }>;

/** What the `index` job has to do for a user. */
export interface IndexPlan {
  /** As it was before anything else was read. */
  user: UserRecord;
  /** The segment that is written on, with what is in it already; `etag` of what lies in its place. */
  segment: { number: number; etag: string | undefined; messages: IndexedMessage[]; throughTs: number };
  /** Append records that are in no segment, in the order in which they were stored. */
  waiting: Append[];
  /** ETags of segments of another analysis, by id: they are written over. */
  stale: Map<string, string>;
}

/** Reads what is in the segments of a user and what is not; undefined for a user without a record. */
export async function readIndexPlan(services: Services, owner: Owner): Promise<IndexPlan | undefined> {
  const { sessions, search } = services.warm;
  const user = await sessions.readUser(owner); // first: messages that are purged after this fail the commits
  if (!user) return undefined;
  const all = await search.listSegments(owner);
  const firstStale = all.findIndex(({ analysis }) => analysis !== ANALYSIS);
  const usable = firstStale < 0 ? all : all.slice(0, firstStale);
  const contents = usable.map(unpackSegment);
  const indexed = contents.flat();
  const known = new Set(indexed.map(({ item }) => item.doc));
  const last = usable.at(-1);
  const stored = appendsOf(await search.listAppendsSince(owner, last?.through_ts ?? 0)).filter(({ id }) => !known.has(id));
  const late = (await readMissed(services, owner, { indexed, stored })).filter(({ id }) => !known.has(id));
  const waiting = new Map([...stored, ...late].map((record) => [record.id, record]));
  return {
    user: user.value,
    segment: last
      ? { number: usable.length, etag: last._etag, messages: contents.at(-1) ?? [], throughTs: last.through_ts }
      : { number: 1, etag: all[0]?._etag, messages: [], throughTs: 0 },
    waiting: [...waiting.values()].toSorted((a, b) => a._ts - b._ts || (a.id < b.id ? -1 : 1)),
    stale: new Map(all.slice(usable.length).map(({ id, _etag }) => [id, _etag])),
  };
}

const appendsOf = (found: Findable[]): Append[] => found.filter((document) => document.kind === 'append');

/**
 * Records of sessions that have more messages than were found so: Cosmos DB may have dated some before the last look, should its clock
 * have gone back.
 */
async function readMissed(
  { warm }: Services,
  owner: Owner,
  { indexed, stored }: { indexed: IndexedMessage[]; stored: Append[] },
): Promise<Append[]> {
  const counts = new Map<string, number>();
  const count = (session: string, epoch: number, messages: number) => {
    const key = `${session}|${epoch}`;
    counts.set(key, (counts.get(key) ?? 0) + messages);
  };
  for (const { item } of indexed) count(item.session_id, item.epoch, 1);
  for (const { session_id, epoch, messages } of stored) count(session_id, epoch, messages.length);
  const lengths = await warm.search.listLengths(owner);
  const short = lengths.filter((s) => (counts.get(`${s.session_id}|${s.epoch}`) ?? 0) < s.last_seq - s.epoch_seq);
  const found = await Promise.all(short.map(({ session_id, epoch }) => warm.search.listAppendsOf(owner, session_id, epoch)));
  return appendsOf(found.flat());
}

/** The place after a segment, empty. */
export function nextSegment({ segment, stale }: IndexPlan, throughTs: number): IndexPlan['segment'] {
  const number = segment.number + 1;
  return { number, etag: stale.get(segmentId(number)), messages: [], throughTs };
}
