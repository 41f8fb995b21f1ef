import type { SessionHead } from '../model.ts';
import type { Services } from '../services.ts';
import { directoryPartition, dueId, jobId, type Owner } from '../tiers/keys.ts';
import { queueJob } from './jobs.ts';

const ANNOUNCED_SECONDS = 300; // how long the work may take to begin before the sweep looks

/** Enough turns since reflection was last asked for. */
export function reflectionIsDue(head: SessionHead, thresholdTurns: number): boolean {
  return head.turn_no - head.reflect_turn >= thresholdTurns;
}

/** Tells the sweep before the head says so: work that is announced in neither place is lost by a crash between two writes. */
export function announceReflection(services: Services, owner: Owner, head: SessionHead): Promise<void> {
  const id = dueId('reflect', owner.tenant, head.session_id);
  const check_at = new Date(services.now() + ANNOUNCED_SECONDS * 1000).toISOString();
  const who = { tenant: owner.tenant, session_id: head.session_id, user_id: owner.user_id };
  return services.warm.sessions.noteDue({
    id,
    pk: directoryPartition(id),
    kind: 'due',
    schema_version: 1,
    due: 'reflect',
    ...who,
    check_at,
  });
}

/** The job that reflects on what follows the cursor; asked for twice, it is one. */
export function reflectionJobId(owner: Owner, head: SessionHead, now: number): string {
  const { session_id: session, epoch, reflected_through: from } = head;
  return jobId(now, { tenant: owner.tenant, session, epoch, kind: 'reflect', from });
}

/** Records a reflect job and rings; a request that only rings late must not fail, so what goes wrong here is left to the sweep. */
export async function startReflection(
  services: Services,
  owner: Owner,
  { head, job_id }: { head: SessionHead; job_id: string },
): Promise<void> {
  try {
    await queueJob(services, { job_id, kind: 'reflect', owner, session_id: head.session_id, epoch: head.epoch });
  } catch (error) {
    services.log('warn', 'reflection_not_queued', { job_id, reason: error instanceof Error ? error.message : String(error) });
  }
}
