import type { Doorbell } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { directoryPartition, dueId } from '../../tiers/keys.ts';
import type { Lease } from '../jobs/job-lease.ts';
import { dateOf, monthOf, nextMonth } from './dates.ts';

const ASK_AGAIN_SECONDS = 86_400; // a doorbell may wait seven days; once a day also notices a budget that was raised

/**
 * Puts a job off to the next month when a hard budget is spent and MODEL_OVER_BUDGET says so; true when it did. The job says why, no
 * attempt is counted, the sweep is told, and a doorbell rings once a day until then.
 */
export async function deferred(services: Services, bell: Doorbell, lease: Lease): Promise<boolean> {
  const { budget, now, ring, warm } = services;
  const { tenant, user_id, session_id, job_kind, attempts } = lease.job;
  if (job_kind === 'index' || session_id === null) return false; // it asks no model that has a budget
  const { state, of, limits } = await budget.read({ tenant, user_id });
  if (state !== 'hard' || budget.limits.over !== 'defer') return false;
  const today = dateOf(now());
  const until = nextMonth(today);
  const whose = of === 'tenant' ? "the tenant's" : "the user's";
  const error = `over budget: ${whose} hard budget of ${limits.hard} for ${monthOf(today)} is spent; deferred to ${until}`;
  const id = dueId(job_kind, tenant, lease.job.id);
  const check_at = new Date(Date.parse(until)).toISOString();
  const entry = { id, pk: directoryPartition(id), kind: 'due', schema_version: 1, due: job_kind } as const;
  await warm.sessions.noteDue({ ...entry, tenant, session_id, user_id, check_at, job_id: lease.job.id });
  await lease.finish({ status: 'queued', error, attempts: attempts - 1 });
  const secondsLeft = Math.ceil((Date.parse(until) - now()) / 1000);
  await ring(job_kind, bell, { delaySeconds: Math.min(ASK_AGAIN_SECONDS, secondsLeft) });
  return true;
}
