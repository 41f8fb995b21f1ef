import { ModelError } from '../../llm/port.ts';
import type { Doorbell, Job, JobKind } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { ruSoFar } from '../../telemetry.ts';
import { reflect } from '../reflection/reflect.ts';
import { summarize } from '../reflection/summarize.ts';
import { buildIndex } from '../search/build-index.ts';
import { processTranscript } from '../transcripts/transcripts.ts';
import { deferred } from '../usage/defer.ts';
import type { Work } from './job-handle.ts';
import { type Lease, LeaseLost, takeLease } from './job-lease.ts';
import { createJobModel, MAX_ATTEMPTS } from './job-model.ts';

const FIRST_DELAY_SECONDS = 10;
const LONGEST_DELAY_SECONDS = 600;
const CLOCKS_DIFFER_MS = 2000;
const LONGEST_ASKED_SECONDS = 3600; // of what a server may ask for by Retry-After

const WORK: Record<JobKind, Work> = { reflect, summarize, transcripts: processTranscript, index: buildIndex };

/** When a server that asked for so long a pause may be asked again; a little earlier, for clocks that differ. */
const notBefore = (now: number, retryAfterMs: number): number =>
  now + Math.min(LONGEST_ASKED_SECONDS * 1000, retryAfterMs) - CLOCKS_DIFFER_MS;

/** Seconds until the next attempt: 10, 20, 40 … 600, or what the model asked for if that is longer, up to an hour. */
export function retryDelaySeconds(attempts: number, retryAfterMs = 0): number {
  const growing = Math.min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** Math.max(0, attempts - 1));
  const asked = Math.min(LONGEST_ASKED_SECONDS, Math.ceil(retryAfterMs / 1000));
  return Math.max(growing, asked);
}

/**
 * May a worker take this job at `now`? Not when it is over, not while another one's lease runs, and not before the model's server wants
 * to be asked again: for that time a doorbell of its own is on its way.
 */
export function mayTake(job: Job, now: number): 'take' | 'over' | 'early' | { wait_ms: number } {
  if (job.status === 'done' || job.status === 'failed' || job.status === 'poison') return 'over';
  if (job.lease && job.lease.until > now) return { wait_ms: job.lease.until - now };
  return (job.not_before ?? 0) > now ? 'early' : 'take';
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
  if (taken === 'over' || taken === 'early') return;
  if (taken !== 'take')
    return void (await services.ring(stored.value.job_kind, bell, { delaySeconds: Math.ceil(taken.wait_ms / 1000) + 1 }));

  const lease = await takeLease(services, stored.value, stored.etag);
  if (!lease) return;
  const ruBefore = ruSoFar();
  try {
    await work(services, bell, lease);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
  } finally {
    lease.release();
    const { tenant, user_id, session_id, job_kind } = lease.job;
    services.ledger.count({ tenant, user_id, session_id, work: job_kind }, { ru: ruSoFar() - ruBefore });
  }
}

async function work(services: Services, bell: Doorbell, lease: Lease): Promise<void> {
  const { model, told } = createJobModel(services, lease);
  try {
    if (await deferred(services, bell, lease)) return;
    const { result, more } = await WORK[lease.job.job_kind]({ ...services, model }, lease);
    const ending = { error: null, result: { ...lease.job.result, ...result, ...told() } };
    await lease.finish(more ? { ...ending, status: 'queued', attempts: 0 } : { ...ending, status: 'done' }); // it got on: attempts start anew
    if (lease.job.status === 'queued') await services.ring(lease.job.job_kind, bell);
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    if (error instanceof ModelError) return afterModelFailure(services, lease, error);
    await lease.finish({ status: 'queued', error: reason(error) });
    throw error;
  }
}

async function afterModelFailure(services: Services, lease: Lease, error: ModelError): Promise<void> {
  const { job } = lease;
  const last = job.attempts >= MAX_ATTEMPTS;
  const not_before = last || !error.retry_after_ms ? undefined : notBefore(services.now(), error.retry_after_ms);
  await lease.finish({ status: last ? 'failed' : 'queued', error: `model ${error.reason}: ${error.message}`, not_before });
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
