import type { Findable } from '../../model-search.ts';
import type { Services } from '../../services.ts';
import { memoryPartition, type Owner, USER_ID } from '../../tiers/keys.ts';
import { ANALYSIS, type IndexedMessage, unpackSegment } from './segment.ts';
import { createUserIndex, type UserIndex } from './user-index.ts';

/** How far a look overlaps with the one before. */
export const OVERLAP_SECONDS = 2; // `_ts` has whole seconds, and a write may become visible in the second after
const SETTLED_MS = 4000;
const IDS_A_QUERY = 100;

/**
 * A user's search index as Cosmos DB has it now: the segments, the messages stored since, and what was derived. The same whether the
 * segments are new, old or lost; only what it costs differs.
 */
export async function readIndex(services: Services, owner: Owner): Promise<UserIndex> {
  const { search, sessions } = services.warm;
  const [before, segments, derived] = await Promise.all([sessions.readUser(owner), search.listSegments(owner), search.listDerived(owner)]);
  const index = createUserIndex();
  const usable = segments.slice(0, firstUnusable(segments));
  for (const segment of usable) for (const [doc, messages] of byDocument(unpackSegment(segment))) index.takeMessages(doc, messages);
  index.since = usable.at(-1)?.through_ts ?? 0;
  const asked = performance.now();
  const found = [...(await search.listAppendsSince(owner, index.since)), ...derived];
  takeAll(index, found);
  const user = (await sessions.readUser(owner))?.value; // what it says later has a later time than all that was read so far
  if (user?.purge_rev !== before?.value.purge_rev) return readIndex(services, owner);
  index.purgeRev = user?.purge_rev ?? 0;
  await rememberForgotten(services, owner, { index, forget_rev: user?.forget_rev });
  moveOn(index, { newest: newestOf(found), asked });
  return index;
}

/** Takes in what was forgotten, where that is more than before. */
async function rememberForgotten(
  { warm }: Services,
  owner: Owner,
  { index, forget_rev = 0 }: { index: UserIndex; forget_rev: number | undefined },
): Promise<void> {
  if (forget_rev <= index.forgetRev) return;
  index.forgotten = await warm.forgotten.list(owner);
  index.forgetRev = forget_rev;
}

/** A segment of another analysis ends what can be used: coverage has no holes. */
function firstUnusable(segments: { analysis: number }[]): number {
  const place = segments.findIndex(({ analysis }) => analysis !== ANALYSIS);
  return place < 0 ? segments.length : place;
}

function byDocument(messages: IndexedMessage[]): Map<string, IndexedMessage[]> {
  const found = new Map<string, IndexedMessage[]>();
  for (const message of messages) {
    const others = found.get(message.item.doc);
    if (others) others.push(message);
    else found.set(message.item.doc, [message]);
  }
  return found;
}

/**
 * Takes in what was written since the index was last looked at, so that what was just stored is found. One Cosmos request when nothing
 * was. False when messages were deleted meanwhile: the index is to be read anew.
 */
export async function refreshIndex(services: Services, owner: Owner, index: UserIndex): Promise<boolean> {
  const { warm } = services;
  const asked = performance.now();
  const changed = await warm.search.listChanged(owner, index.since);
  if (changed.some(({ purge_rev }) => purge_rev !== undefined && purge_rev !== index.purgeRev)) return false;
  await rememberForgotten(services, owner, { index, forget_rev: changed.find(({ id }) => id === USER_ID)?.forget_rev });
  const news = changed.filter(({ id, _etag }) => id !== USER_ID && !index.knows(id, _etag)).map(({ id }) => id);
  const pages = Array.from({ length: Math.ceil(news.length / IDS_A_QUERY) }, (_, n) => news.slice(n * IDS_A_QUERY, (n + 1) * IDS_A_QUERY));
  takeAll(index, (await Promise.all(pages.map((ids) => warm.search.readFindable(owner, ids)))).flat());
  moveOn(index, { newest: newestOf(changed), asked });
  return true;
}

const newestOf = (written: { _ts: number }[]): number => written.reduce((newest, { _ts }) => Math.max(newest, _ts), 0);

function takeAll(index: UserIndex, found: Findable[]): void {
  const inOrder = found.toSorted((a, b) => a._ts - b._ts || (a.id < b.id ? -1 : 1));
  for (const document of inOrder) index.take(document);
}

/**
 * Where the next look begins: a little before the newest write that was seen. When a look some seconds after that write was first seen
 * finds nothing newer, no later write can bear its second any more, and the next one begins after it.
 */
function moveOn(index: UserIndex, { newest, asked }: { newest: number; asked: number }): void {
  if (newest > index.newest.ts) index.newest = { ts: newest, seenAt: performance.now() };
  const settled = asked - index.newest.seenAt >= SETTLED_MS;
  index.since = Math.max(index.since, settled ? index.newest.ts + 1 : index.newest.ts - OVERLAP_SECONDS);
}

/** The index of a user, from this process or from Cosmos DB; `fresh` when all of it was read after the call. */
export async function openIndex(services: Services, owner: Owner): Promise<{ index: UserIndex; fresh: boolean }> {
  const partition = memoryPartition(owner);
  const held = services.indexes.get(partition);
  if (held) return { index: held, fresh: false };
  const { index, joined } = await services.indexes.load(partition, () => readIndex(services, owner));
  return { index, fresh: !joined };
}

/** The index as it is now: brought up to date, or read anew when messages were deleted. */
export async function currentIndex(
  services: Services,
  owner: Owner,
  { index, fresh }: { index: UserIndex; fresh: boolean },
): Promise<UserIndex> {
  if (fresh || (await refreshIndex(services, owner, index))) return index;
  services.indexes.drop(memoryPartition(owner));
  return currentIndex(services, owner, await openIndex(services, owner));
}
