import type { Services } from '../../services.ts';
import { memoryPartition, type Owner, ownerOf, segmentId } from '../../tiers/keys.ts';
import type { JobHandle, WorkDone } from '../jobs/job-handle.ts';
import { embedMissing } from '../vectors/embed-missing.ts';
import { indexedMessages } from './findable-item.ts';
import { type IndexPlan, nextSegment, readIndexPlan } from './index-plan.ts';
import { OVERLAP_SECONDS } from './read-index.ts';
import { type IndexedMessage, packSegment } from './segment.ts';

// Pairs of message and term in a segment: some 200 KB of document. One append record may go beyond; it stays below Cosmos DB's 2 MB.
const MAX_ENTRIES = 40_000;

/**
 * The `index` job: writes the messages that are in no segment yet into the last one, and when that is full into new ones. Each segment
 * is a commit of its own, which counts only if no message was purged since the job looked; a segment of another analysis is written
 * anew. Then, where an embedding model is configured, the vectors that are missing. What is stored meanwhile waits for the next run;
 * running it twice changes nothing.
 */
export async function buildIndex(services: Services, handle: JobHandle): Promise<WorkDone> {
  const { tenant, user_id, session_id } = handle.job;
  const owner = ownerOf(tenant, user_id, session_id ?? '');
  let indexed = Number(handle.job.result?.indexed ?? 0);
  const plan = await readIndexPlan(services, owner);
  while (plan && plan.waiting.length > 0) {
    const written = await writeSegment(services, owner, plan);
    if (written === 'lost') return { result: { indexed }, more: true };
    indexed += written;
    await handle.checkpoint({ ...handle.job.result, indexed });
    if (handle.timeUp()) return { result: { indexed }, more: true };
  }
  if (!services.embeddings) return { result: { indexed } };
  const { embedded, left } = await embedMissing(services, owner, handle);
  return { result: { indexed, embedded: Number(handle.job.result?.embedded ?? 0) + embedded }, more: left };
}

const entriesOf = (messages: IndexedMessage[]): number => messages.reduce((sum, { counts }) => sum + counts.length, 0);

/** Writes as many waiting records as the segment has room for, at least one; how many messages that were. */
async function writeSegment({ warm }: Services, owner: Owner, plan: IndexPlan): Promise<number | 'lost'> {
  if (entriesOf(plan.segment.messages) >= MAX_ENTRIES) plan.segment = nextSegment(plan, plan.segment.throughTs);
  const { segment, waiting, user } = plan;
  const messages = [...segment.messages];
  let entries = entriesOf(messages);
  let throughTs = segment.throughTs;
  let taken = 0;
  for (const record of waiting) {
    if (taken > 0 && entries >= MAX_ENTRIES) break;
    const added = indexedMessages(record);
    entries += entriesOf(added);
    messages.push(...added);
    throughTs = Math.max(throughTs, record._ts - OVERLAP_SECONDS);
    taken++;
  }
  const at = { id: segmentId(segment.number), pk: memoryPartition(owner), kind: 'segment' as const, schema_version: 1 as const };
  const document = { ...at, through_ts: throughTs, ...packSegment(messages) };
  if (!(await warm.search.commitSegment(owner, document, { user, etag: segment.etag }))) return 'lost';
  plan.waiting = waiting.slice(taken);
  plan.segment = nextSegment(plan, throughTs);
  return messages.length - segment.messages.length;
}
