import { roundIsDue } from '../../src/lib/memory/jobs/lease.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { type Swept, sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { type Retained, retain } from '../../src/lib/memory/retention/retain.ts';
import { Doorbell, type Job } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { directoryPartitions } from '../../src/lib/tiers/keys.ts';

const PAGE = 100;

/** How far a cycle has come. */
export interface Watcher {
  swept: (counts: Swept | undefined) => void;
  job: (at: { done: number; total: number; job: Job }) => void;
  failed: (job_id: string, error: unknown) => void;
  retained: (counts: Retained | undefined) => void;
}

interface Cycle {
  watcher: Watcher;
  /** Whether to stop after the job that runs. */
  stopped: () => boolean;
  /** Runs retention although its interval is not over. */
  retainNow: boolean;
}

/** One round of everything that timers and queues do: a sweep, the jobs that wait, and retention when it is due. Answers how many jobs ran. */
export async function runCycle(services: Services, { watcher, stopped, retainNow }: Cycle): Promise<number> {
  const bells: Doorbell[] = [];
  const listening = { ...services, ring: ringing(services, bells) };
  watcher.swept(await sweep(listening));
  bells.push(...(await announced(services)));
  const ran = await runAll(listening, bells, { watcher, stopped });
  const since = services.now() - services.config.processing.cleanupIntervalHours * 3_600_000;
  if (!stopped() && (retainNow || (await roundIsDue(services, 'retain', since)))) watcher.retained(await retain(services));
  return ran;
}

/** What is rung for now is run here; what is to be rung later, or is no job, goes to the queue. */
const ringing =
  (services: Services, bells: Doorbell[]): Services['ring'] =>
  async (queue, payload, options) => {
    const bell = Doorbell.safeParse(payload);
    if (!bell.success || options?.delaySeconds) return services.ring(queue, payload, options);
    bells.push(bell.data);
    return true;
  };

/** The jobs of all due entries, whether or not the sweep would look at them yet. */
async function announced({ warm }: Services): Promise<Doorbell[]> {
  const bells: Doorbell[] = [];
  for (const pk of directoryPartitions) {
    for (let after = '', full = true; full; ) {
      const entries = await warm.directory.listJobs(pk, { after, limit: PAGE });
      for (const { tenant, job_id } of entries) if (job_id !== undefined) bells.push({ tenant, job_id });
      after = entries.at(-1)?.id ?? after;
      full = entries.length === PAGE;
    }
  }
  return bells;
}

/** Runs every job once for each time that it asks for another round; the bells may grow meanwhile. */
async function runAll(services: Services, bells: Doorbell[], { watcher, stopped }: Pick<Cycle, 'watcher' | 'stopped'>): Promise<number> {
  const waiting = await takeWaiting(services, bells);
  let total = waiting.length;
  let done = 0;
  for (let job = waiting.shift(); job && !stopped(); job = waiting.shift()) {
    watcher.job({ done, total, job });
    await runJob(services, { tenant: job.tenant, job_id: job.id }).catch((error: unknown) => watcher.failed(job?.id ?? '', error));
    done++;
    const more = await takeWaiting(services, bells);
    waiting.push(...more);
    total += more.length;
  }
  return done;
}

/** Empties the list of bells into the jobs that may be run now, each once. */
async function takeWaiting({ warm, now }: Services, bells: Doorbell[]): Promise<Job[]> {
  const rung = new Map(bells.splice(0).map((bell) => [`${bell.tenant}|${bell.job_id}`, bell]));
  const stored = await Promise.all([...rung.values()].map(({ tenant, job_id }) => warm.ops.readJob(tenant, job_id)));
  return stored.flatMap((found) => (found && mayRun(found.value, now()) ? [found.value] : []));
}

const mayRun = ({ status, lease, not_before = 0 }: Job, now: number): boolean =>
  (status === 'queued' && not_before <= now) || (status === 'running' && (lease === null || lease.until <= now));
