import { ModelError, type ModelUsage } from '../llm/port.ts';
import type { Doorbell, Job, JobKind } from '../model-work.ts';
import type { Services } from '../services.ts';
import { reflect } from './reflect.ts';
import { summarize } from './summarize.ts';

const LEASE_MS = 300_000;
const MAX_ATTEMPTS = 5;
const WORK_MS = 240_000; // of the ten minutes that the host gives: then the job stops at a checkpoint and rings again
const FIRST_DELAY_SECONDS = 10;
const LONGEST_DELAY_SECONDS = 600;

/** What a kind of job may do with its record: note what it cost and where it stands. Throws LeaseLost when another worker has it. */
export interface JobHandle {
  readonly job: Job;
  /** Enough for one delivery: stop at the next checkpoint and answer `more: true`. */
  timeUp(): boolean;
  checkpoint(usage: ModelUsage | undefined, result: Record<string, unknown>): Promise<void>;
}
/** What a kind of job answers: its result, and whether there is more to do in another delivery. */
export interface WorkDone {
  result: Record<string, unknown>;
  more?: boolean;
}
export type Work = (services: Services, handle: JobHandle) => Promise<WorkDone>;

const WORK: Record<JobKind, Work> = { reflect, summarize };

class LeaseLost extends Error {}

/** Seconds until the next attempt: 10, 20, 40 … 600, or what the model asked for if that is longer. */
export function retryDelaySeconds(attempts: number, retryAfterMs = 0): number {
  const growing = FIRST_DELAY_SECONDS * 2 ** Math.max(0, attempts - 1);
  return Math.min(LONGEST_DELAY_SECONDS, Math.max(growing, Math.ceil(retryAfterMs / 1000)));
}

/** May a worker take this job at `now`? Not when it is over, and not while another one's lease runs. */
export function mayTake(job: Job, now: number): 'take' | 'over' | { wait_ms: number } {
  if (job.status === 'done' || job.status === 'failed' || job.status === 'poison') return 'over';
  return job.lease && job.lease.until > now ? { wait_ms: job.lease.until - now } : 'take';
}

/**
 * Answers a doorbell: takes the job's lease, does the work outside any lock, records how it ended. Ringing twice is harmless. A model
 * failure is recorded and rung again later; anything else is thrown, so that the queue delivers again and in the end calls it poison.
 */
export async function runJob(services: Services, bell: Doorbell): Promise<void> {
  const { now, warm, log } = services;
  const stored = await warm.ops.readJob(bell.tenant, bell.job_id);
  if (!stored) return log('warn', 'job_unknown', { job_id: bell.job_id });
  const taken = mayTake(stored.value, now());
  if (taken === 'over') return;
  if (taken !== 'take')
    return void (await services.ring(stored.value.job_kind, bell, { delaySeconds: Math.ceil(taken.wait_ms / 1000) + 1 }));

  const handle = await takeLease(services, stored.value, stored.etag);
  if (!handle) return;
  try {
    const { result, more } = await WORK[handle.job.job_kind](services, handle);
    await handle.finish({ status: more ? 'queued' : 'done', error: null, result });
    if (handle.job.status === 'queued') await services.ring(handle.job.job_kind, bell);
  } catch (error) {
    if (error instanceof LeaseLost) return;
    if (!(error instanceof ModelError)) {
      await handle.finish({ status: 'queued', error: reason(error) });
      throw error;
    }
    await afterModelFailure(services, handle, error);
  }
}

async function afterModelFailure(services: Services, handle: Lease, error: ModelError): Promise<void> {
  const { job } = handle;
  await handle.checkpoint(error.usage, job.result ?? {});
  const last = job.attempts >= MAX_ATTEMPTS;
  await handle.finish({ status: last ? 'failed' : 'queued', error: `model ${error.reason}: ${error.message}` });
  services.log('warn', 'job_model_failure', { job_id: job.id, attempts: job.attempts, reason: error.reason, gives_up: last });
  if (last) return;
  const delaySeconds = retryDelaySeconds(job.attempts, error.retry_after_ms);
  await services.ring(job.job_kind, { tenant: job.tenant, job_id: job.id }, { delaySeconds });
}

/** The queue gave a doorbell up: the job is recorded as poison, with the reason it last gave, and can be run again. */
export async function recordPoison(services: Services, bell: Doorbell): Promise<void> {
  const stored = await services.warm.ops.readJob(bell.tenant, bell.job_id);
  if (!stored || stored.value.status === 'done') return;
  const error = stored.value.error ?? 'the worker stopped again and again while it ran this job';
  const finished_at = new Date(services.now()).toISOString();
  await services.warm.ops.replaceJob({ ...stored.value, status: 'poison', error, lease: null, finished_at }, stored.etag);
  services.log('error', 'job_poison', { job_id: bell.job_id, error });
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500);

type Ending = Pick<Job, 'status' | 'error'> & { result?: Record<string, unknown> };
interface Lease extends JobHandle {
  finish(ending: Ending): Promise<void>;
}

/** Writes the lease into the job; undefined when somebody else was faster. Every later write is conditional on still holding it. */
async function takeLease({ now, mint, warm }: Services, found: Job, foundEtag: string): Promise<Lease | undefined> {
  const iso = () => new Date(now()).toISOString();
  const token = mint();
  const lease = () => ({ token, until: now() + LEASE_MS });
  const stopAt = now() + WORK_MS;
  let job: Job = { ...found, status: 'running', attempts: found.attempts + 1, started_at: found.started_at ?? iso(), lease: lease() };
  if (!(await warm.ops.replaceJob(job, foundEtag))) return undefined;

  async function write(change: (job: Job) => Partial<Job>): Promise<void> {
    const stored = await warm.ops.readJob(job.tenant, job.id);
    if (stored?.value.lease?.token !== token) throw new LeaseLost(job.id);
    job = { ...stored.value, ...change(stored.value) };
    if (!(await warm.ops.replaceJob(job, stored.etag))) throw new LeaseLost(job.id);
  }
  return {
    get job() {
      return job;
    },
    timeUp: () => now() >= stopAt,
    async checkpoint(usage, result) {
      await write(({ tokens, cost, calls, result: before }) => ({
        tokens: { in: tokens.in + (usage?.tokens_in ?? 0), out: tokens.out + (usage?.tokens_out ?? 0) },
        cost: cost + (usage?.cost ?? 0),
        calls: calls + (usage?.calls ?? 0),
        result: { ...before, ...result },
        lease: lease(),
      }));
    },
    finish: ({ status, error, result }) =>
      write(({ again, result: before }) => {
        const next = status === 'done' && again ? 'queued' : status;
        return { status: next, error, result: result ?? before, lease: null, again: false, finished_at: next === 'queued' ? null : iso() };
      }),
  };
}
