import type { ModelUsage } from '../../llm/port.ts';
import type { Job } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import type { JobHandle } from './job-handle.ts';

const LEASE_MS = 300_000;
const RENEW_BELOW_MS = 200_000;
const LOOK_EVERY_MS = 1000;
const WORK_MS = 240_000; // of the ten minutes that the host gives: then the job stops at a checkpoint and rings again
const LONGEST_MS = 540_000; // work that is not back by then has its model calls ended, and its lease is renewed no more
const MAX_LOST_RACES = 20;

/** Another worker has the job: what this one still holds must not be committed. */
export class LeaseLost extends Error {}

type Ending = Pick<Job, 'status' | 'error' | 'not_before'> & { result?: Record<string, unknown>; attempts?: number };

/** A job that this worker holds. Every write is conditional on holding it still, and throws LeaseLost when it does not. */
export interface Lease extends JobHandle {
  /** Aborted when the job is another's, or has run too long. */
  readonly signal: AbortSignal;
  /** Throws LeaseLost unless the job is still this worker's; renews a lease that is half over or has run out meanwhile. */
  keep(): Promise<void>;
  /** Notes what a model took; the next write of the job has it. */
  spent(usage: ModelUsage): void;
  finish(ending: Ending): Promise<void>;
  /** Ends the renewals: the work is over, whichever way. */
  release(): void;
}

/** Writes a lease into the job; undefined when somebody else was faster. It is renewed while the work runs, up to nine minutes. */
export async function takeLease({ now, mint, warm }: Services, found: Job, foundEtag: string): Promise<Lease | undefined> {
  const iso = () => new Date(now()).toISOString();
  const token = mint();
  const lease = () => ({ token, until: now() + LEASE_MS });
  const from = now();
  const controller = new AbortController();
  const unwritten: ModelUsage[] = [];
  const attempt = { attempts: found.attempts + 1, started_at: found.started_at ?? iso(), not_before: undefined };
  let job: Job = { ...found, ...attempt, status: 'running', lease: lease() };
  if (!(await warm.ops.replaceJob(job, foundEtag))) return undefined;

  /** Others write beside us (asked for again, poison): read, change and replace until nobody came between. */
  async function write(change: (stored: Job) => Partial<Job>): Promise<void> {
    for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
      const stored = await warm.ops.readJob(job.tenant, job.id);
      if (stored?.value.lease?.token !== token) break;
      const next = { ...stored.value, ...change(stored.value) };
      if (await warm.ops.replaceJob(next, stored.etag)) {
        job = next;
        return;
      }
    }
    controller.abort();
    throw new LeaseLost(job.id);
  }

  async function writeWithUsage(change: (stored: Job) => Partial<Job>): Promise<void> {
    const taken = unwritten.slice();
    await write((stored) => ({ ...withUsage(stored, taken), ...change(stored) }));
    unwritten.splice(0, taken.length);
  }

  const left = () => (job.lease?.until ?? 0) - now();
  const renew = () => write(() => ({ lease: lease() }));
  let renewing = false;

  /** A lease that ran out is not taken up again from here: whoever rings next decides, and `keep` asks. */
  function look(): void {
    if (now() - from >= LONGEST_MS) controller.abort();
    if (controller.signal.aborted || left() <= 0) clearInterval(timer);
    else if (left() <= RENEW_BELOW_MS && !renewing) void renewBeside();
  }
  async function renewBeside(): Promise<void> {
    renewing = true;
    await renew().catch(() => {}); // Cosmos DB did not answer: the next look tries again; a lost lease has aborted the work
    renewing = false;
  }
  const timer = setInterval(look, LOOK_EVERY_MS).unref();

  return {
    get job() {
      return job;
    },
    signal: controller.signal,
    timeUp: () => now() - from >= WORK_MS,
    async keep() {
      if (left() <= RENEW_BELOW_MS) await renew();
    },
    spent: (usage) => void unwritten.push(usage),
    checkpoint: (result) => writeWithUsage(({ result: before }) => ({ result: { ...before, ...result }, lease: lease() })),
    finish: ({ status, error, result, attempts, not_before }) =>
      writeWithUsage(({ again, result: before, attempts: tried }) => {
        const next = status === 'done' && again ? 'queued' : status;
        const how = { status: next, error, not_before, finished_at: next === 'queued' ? null : iso() };
        return { ...how, result: result ?? before, attempts: attempts ?? tried, lease: null, again: false };
      }),
    release: () => clearInterval(timer),
  };
}

function withUsage({ tokens, cost, calls }: Job, spent: ModelUsage[]): Pick<Job, 'tokens' | 'cost' | 'calls'> {
  const sum = (of: (usage: ModelUsage) => number) => spent.reduce((total, usage) => total + of(usage), 0);
  return {
    tokens: { in: tokens.in + sum((u) => u.tokens_in), out: tokens.out + sum((u) => u.tokens_out) },
    cost: cost + sum((u) => u.cost),
    calls: calls + sum((u) => u.calls),
  };
}
