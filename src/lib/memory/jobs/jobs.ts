import { setTimeout as wait } from 'node:timers/promises';
import { MemoryError } from '../../errors.ts';
import type { Job, JobKind } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { jobPartition, type Owner } from '../../tiers/keys.ts';

const KEPT_SECONDS = 30 * 86_400;
const FIRST_POLL_MS = 100;
const SLOWEST_POLL_MS = 1000;
const MAX_WAITERS = 20; // callers of one instance that wait for jobs; beyond, the answer comes at once

export interface JobAsk {
  job_id: string;
  kind: JobKind;
  owner: Owner;
  /** Null where the work is about a user. */
  session_id: string | null;
  epoch: number;
  /** The transcript that it is about. */
  ref?: string;
}

/**
 * Records a job and rings its queue. The same id again: a waiting job is only rung, a running one is told to go round once more, a
 * finished one is queued anew (its work is what the cursor has not covered, so nothing is done twice).
 */
export async function queueJob(services: Services, ask: JobAsk): Promise<void> {
  const { ops } = services.warm;
  const { tenant } = ask.owner;
  const created = await ops.createJob(newJob(ask, services.now()));
  for (let settled = created; !settled; ) {
    const stored = await ops.readJob(tenant, ask.job_id);
    settled = !stored || stored.value.status === 'queued' || (await ops.replaceJob(askedAgain(stored.value), stored.etag));
  }
  await services.ring(ask.kind, { tenant, job_id: ask.job_id });
}

const askedAgain = (job: Job): Job => (job.status === 'running' ? { ...job, again: true } : requeued(job));
const requeued = (job: Job): Job => ({ ...job, status: 'queued', attempts: 0, lease: null, again: false, finished_at: null });

function newJob({ job_id, kind, owner, session_id, epoch, ref }: JobAsk, now: number): Job {
  return {
    id: job_id,
    pk: jobPartition(owner.tenant, job_id),
    kind: 'job',
    schema_version: 1,
    job_kind: kind,
    tenant: owner.tenant,
    session_id,
    user_id: owner.user_id,
    epoch,
    ...(ref !== undefined && { ref }),
    status: 'queued',
    attempts: 0,
    error: null,
    lease: null,
    again: false,
    created_at: new Date(now).toISOString(),
    started_at: null,
    finished_at: null,
    tokens: { in: 0, out: 0 },
    cost: 0,
    calls: 0,
    result: null,
    ttl: KEPT_SECONDS,
  };
}

/** A job as callers see it. */
export function jobView(job: Job) {
  return {
    job_id: job.id,
    kind: job.job_kind,
    status: job.status,
    ...(job.session_id !== null && { session_id: job.session_id }),
    ...(job.user_id !== null && { user_id: job.user_id }),
    attempts: job.attempts,
    ...(job.error !== null && { error: job.error }),
    created_at: job.created_at,
    started_at: job.started_at,
    finished_at: job.finished_at,
    tokens: job.tokens.in + job.tokens.out,
    cost: job.cost,
    ...(job.result !== null && { result: job.result }),
  };
}

let waiters = 0;
const mayBeSeen = (job: Job, user: string | undefined): boolean => user === undefined || job.user_id === user;
const isOver = (job: Job): boolean => job.status === 'done' || job.status === 'failed' || job.status === 'poison';

/** Reads a job, of the bound user where there is one, waiting up to `waitMs` until it is over. Errors: job_not_found. */
export async function readJob(
  services: Services,
  { tenant, user }: { tenant: string; user?: string },
  { id, waitMs }: { id: string; waitMs: number },
): Promise<Job> {
  const until = services.now() + waitMs;
  const mayWait = waiters < MAX_WAITERS;
  waiters++;
  try {
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, SLOWEST_POLL_MS)) {
      const stored = await services.warm.ops.readJob(tenant, id);
      if (!stored || !mayBeSeen(stored.value, user)) throw new MemoryError('job_not_found', `no job "${id}"`);
      const left = until - services.now();
      if (isOver(stored.value) || !mayWait || left <= 0) return stored.value;
      await wait(Math.min(pause, left));
    }
  } finally {
    waiters--;
  }
}

/** Runs a failed job once more, of the bound user where there is one. Errors: job_not_found, job_not_failed. */
export async function redriveJob(services: Services, { tenant, user }: { tenant: string; user?: string }, id: string): Promise<Job> {
  const stored = await services.warm.ops.readJob(tenant, id);
  if (!stored || !mayBeSeen(stored.value, user)) throw new MemoryError('job_not_found', `no job "${id}"`);
  const { status } = stored.value;
  if (status !== 'failed' && status !== 'poison') throw new MemoryError('job_not_failed', `job "${id}" is ${status}`);
  const job = requeued(stored.value);
  await services.warm.ops.replaceJob(job, stored.etag);
  await services.ring(job.job_kind, { tenant, job_id: id });
  return job;
}
