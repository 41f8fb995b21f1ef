import type { Services } from '../../services.ts';
import { jobId, memoryPartition, type Owner } from '../../tiers/keys.ts';
import { queueJob } from '../jobs/jobs.ts';

/**
 * Asks for the `index` job when a user has more messages in no segment than INDEX_AFTER_MESSAGES, as far as this process knows, and once
 * for the vectors of a user who may have none yet. Without the job everything is found by its words all the same, only slower; so a
 * failure is logged and no more.
 */
export async function askIndex(services: Services, owner: Owner): Promise<void> {
  const index = services.indexes.get(memoryPartition(owner));
  if (!index) return;
  const lacksVectors = services.embeddings !== undefined && !index.vectorsAsked;
  if (index.unsegmented < services.config.search.indexAfterMessages && !lacksVectors) return;
  index.unsegmented = 0; // asked: counts anew from here
  index.vectorsAsked = true;
  await queueIndex(services, owner);
}

/** The same for who has no index at hand: after a reflection. */
export async function askIndexWhenDue(services: Services, owner: Owner): Promise<void> {
  const { search } = services.warm;
  if (services.embeddings) return queueIndex(services, owner);
  const [indexed, lengths] = await Promise.all([search.countIndexed(owner), search.listLengths(owner)]);
  const stored = lengths.reduce((sum, { last_seq }) => sum + last_seq, 0);
  if (stored - indexed >= services.config.search.indexAfterMessages) await queueIndex(services, owner);
}

async function queueIndex(services: Services, owner: Owner): Promise<void> {
  const { tenant, user_id, session_id } = owner;
  const job_id = jobId(services.now(), { tenant, session: memoryPartition(owner), epoch: 0, kind: 'index', from: 0 });
  try {
    await queueJob(services, { job_id, kind: 'index', owner, session_id: session_id ?? null, epoch: 0 });
  } catch (error) {
    services.log('warn', 'index_not_asked', { tenant, user: user_id, reason: error instanceof Error ? error.name : 'unknown' });
  }
}
