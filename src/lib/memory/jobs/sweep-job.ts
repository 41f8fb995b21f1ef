import type { DueEntry } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { queueJob } from './jobs.ts';
import type { Verdict } from './verdict.ts';
import { workLeft } from './work-left.ts';

const LOOK_AGAIN_MS = 300_000;
const LONGEST_MS = 3_600_000;
const LONGEST_FAILED_MS = 86_400_000;
const RING_FAILED_MS = 60_000;
const SLACK_MS = 1000;

/** Milliseconds until the next look: five minutes, then twice as long each time. */
export const lookAgainMs = (tries: number, longest: number): number => Math.min(longest, LOOK_AGAIN_MS * 2 ** Math.min(tries, 20));

/**
 * Looks at a job that was announced: it is rung again while it waits or when its worker died, queued when it was never recorded or
 * is over although work is left, and its entry goes when nothing is left. A job that failed waits for somebody to run it again, and
 * is looked at ever less often.
 */
export async function lookAtJob(services: Services, entry: DueEntry): Promise<Verdict> {
  const { tenant, tries = 0 } = entry;
  const now = services.now();
  const job = entry.job_id === undefined ? undefined : (await services.warm.ops.readJob(tenant, entry.job_id))?.value;
  if (job?.status === 'running' && job.lease && job.lease.until > now) {
    return { action: 'check', at: job.lease.until + SLACK_MS, what: 'moved' };
  }
  const not_before = job?.not_before ?? 0;
  if (job?.status === 'queued' && not_before > now) return { action: 'check', at: not_before + SLACK_MS, tries, what: 'moved' };
  const again = (longest: number) => ({ action: 'check' as const, at: now + lookAgainMs(tries, longest), tries: tries + 1 });
  if (job?.status === 'queued' || job?.status === 'running') {
    const rung = await services.ring(job.job_kind, { tenant, job_id: job.id });
    return rung ? { ...again(LONGEST_MS), what: 'rung' } : { action: 'check', at: now + RING_FAILED_MS, tries, what: 'moved' };
  }
  const left = await workLeft(services, entry);
  if (!left) return { action: 'remove', what: 'removed' };
  if (job && job.status !== 'done') return { ...again(LONGEST_FAILED_MS), what: 'moved' };
  await queueJob(services, left);
  return { ...again(LONGEST_FAILED_MS), what: 'rung' };
}
