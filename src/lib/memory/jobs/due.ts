import type { SessionHead } from '../../model.ts';
import type { Services } from '../../services.ts';
import { directoryPartition, dueId, jobId, type Owner } from '../../tiers/keys.ts';
import { summaryIsDue } from '../reflection/chunk.ts';
import { limitsOf, type SessionLimits } from '../sessions/limits.ts';
import { queueJob } from './jobs.ts';

const ANNOUNCED_SECONDS = 300; // how long the work may take to begin before the sweep looks

/** Slow work that a session asks for by itself. */
export type Slow = 'reflect' | 'summarize';

/** What a session is due for now that its head is this: reflection every so many turns, a summary when the buffer overflows. */
export function dueWork(head: SessionHead, settings: SessionLimits): Slow[] {
  const rules = limitsOf(settings, head.config);
  const due: Slow[] = [];
  if (head.turn_no - head.reflect_turn >= rules.reflectionThresholdTurns) due.push('reflect');
  if (summaryIsDue(head, rules)) due.push('summarize');
  return due;
}

/** The head's own note that this work was asked for. */
export function askedFor(kind: Slow, head: Pick<SessionHead, 'turn_no' | 'last_seq'>): Partial<SessionHead> {
  return kind === 'reflect' ? { reflect_turn: head.turn_no } : { summary_asked: head.last_seq };
}

/** Tells the sweep before the head says so: work that is announced in neither place is lost by a crash between two writes. */
export function announce(
  services: Services,
  owner: Owner,
  { session_id, kind, job_id }: { session_id: string; kind: Slow; job_id: string },
): Promise<void> {
  const id = dueId(kind, owner.tenant, job_id);
  const check_at = new Date(services.now() + ANNOUNCED_SECONDS * 1000).toISOString();
  const work = { due: kind, tenant: owner.tenant, session_id, user_id: owner.user_id, job_id };
  return services.warm.sessions.noteDue({ id, pk: directoryPartition(id), kind: 'due', schema_version: 1, ...work, check_at });
}

/** The sweep looks here when an open session may have been left. Written before the session opens, or opens again. */
export function noteIdle(services: Services, owner: Owner, session_id: string): Promise<void> {
  const id = dueId('idle', owner.tenant, session_id);
  const check_at = new Date(services.now() + services.config.memory.sessionIdleEndMinutes * 60_000).toISOString();
  const who = { tenant: owner.tenant, session_id, user_id: owner.user_id };
  return services.warm.sessions.noteDue({ id, pk: directoryPartition(id), kind: 'due', schema_version: 1, due: 'idle', ...who, check_at });
}

/** The job that goes on from the cursor; asked for twice, it is one. */
export function slowJobId(owner: Owner, head: SessionHead, { kind, now }: { kind: Slow; now: number }): string {
  const from = kind === 'reflect' ? head.reflected_through : head.summarized_through;
  return jobId(now, { tenant: owner.tenant, session: head.session_id, epoch: head.epoch, kind, from });
}

/** Records a job and rings; a request that only rings late must not fail, so what goes wrong here is left to the sweep. */
export async function startSlow(
  services: Services,
  owner: Owner,
  { head, kind, job_id }: { head: SessionHead; kind: Slow; job_id: string },
): Promise<void> {
  try {
    await queueJob(services, { job_id, kind, owner, session_id: head.session_id, epoch: head.epoch });
  } catch (error) {
    services.log('warn', 'job_not_queued', { kind, job_id, reason: error instanceof Error ? error.message : String(error) });
  }
}
