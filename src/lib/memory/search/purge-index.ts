import { MemoryError } from '../../errors.ts';
import type { StoredSegment } from '../../model-search.ts';
import type { Services } from '../../services.ts';
import { memoryPartition, type Owner } from '../../tiers/keys.ts';
import { packSegment, unpackSegment } from './segment.ts';

const SEGMENTS_A_BATCH = 4; // each some 200 KB, seldom more: a batch takes 2 MB
const MAX_LOST_RACES = 20;

/**
 * Takes the messages of a session's epochs before `epoch` (all, where it is left out) out of the search index, after they were deleted. An `index` job that
 * read them before does not commit any more, and indexes that processes hold are read anew. Errors: session_busy, tier_unavailable.
 */
export async function purgeFromIndex(
  services: Services,
  owner: Owner,
  { session_id, epoch }: { session_id: string; epoch?: number },
): Promise<void> {
  const isGone = (item: { session_id: string; epoch: number }) =>
    item.session_id === session_id && (epoch === undefined || item.epoch < epoch);
  for (let lost = 0; lost < MAX_LOST_RACES; ) {
    const segments = await services.warm.search.listSegments(owner);
    const changed = segments.flatMap((segment) => without(segment, isGone)).slice(0, SEGMENTS_A_BATCH);
    const done = await services.warm.search.purgeSegments(owner, changed);
    if (!done) lost++;
    else if (changed.length < SEGMENTS_A_BATCH) {
      services.indexes.drop(memoryPartition(owner));
      return;
    }
  }
  throw new MemoryError('session_busy', `the search index behind session "${session_id}" had other writers all the time`, {
    retryAfterSeconds: 1,
  });
}

/** The segment without those messages; nothing when it has none of them. */
function without(stored: StoredSegment, isGone: (item: { session_id: string; epoch: number }) => boolean) {
  const messages = unpackSegment(stored);
  const left = messages.filter(({ item }) => !isGone(item));
  if (left.length === messages.length) return [];
  const { _etag: etag, _ts, ...segment } = stored;
  return [{ etag, segment: { ...segment, ...packSegment(left) } }];
}
