import type { DirectoryCursor, Lease } from '../../model-timers.ts';
import type { Services } from '../../services.ts';
import { leaseId, TIMERS_PARTITION } from '../../tiers/keys.ts';

const LEASE_MS = 120_000;
const WRITE_EVERY_MS = 10_000; // how much work is done over when the process is killed

/** Another instance has the lease: this one stops where it is. */
class TimerLeaseLost extends Error {}

/** The right to do a timer's work now, and how far it has come. */
export interface Held {
  /** Where the last run stopped. */
  readonly cursor: DirectoryCursor;
  /** Stop at the next step: the rest is for the next run. */
  timeUp(): boolean;
  /** The work goes on from here; null when the round is complete. Renews the lease. Throws TimerLeaseLost. */
  moveTo(cursor: DirectoryCursor | null): Promise<void>;
}

const START: DirectoryCursor = { shard: 0, after: '' };

/**
 * Runs a timer's work on one instance at a time, for at most about `boxMs`; undefined when another instance is at it, or took over
 * because this one stood still for too long. A lease of a dead instance runs out, and the next one goes on from its cursor.
 */
export async function underLease<T>(
  services: Services,
  { timer, boxMs }: { timer: string; boxMs: number },
  work: (held: Held) => Promise<T>,
): Promise<T | undefined> {
  const taken = await take(services, timer);
  if (!taken) return undefined;
  const lease = createHeld(services, taken, services.now() + boxMs);
  try {
    return await work(lease);
  } catch (error) {
    if (error instanceof TimerLeaseLost) return undefined;
    throw error;
  } finally {
    await lease.release().catch((error: unknown) => services.log('warn', 'lease_not_released', { timer, reason: String(error) }));
  }
}

/** Is a timer's round under way, or was none complete since `since` (ms)? */
export async function roundIsDue({ warm }: Services, timer: string, since: number): Promise<boolean> {
  const stored = await warm.ops.readLease(timer);
  if (!stored || stored.value.cursor !== null) return true;
  return stored.value.finished_at === null || Date.parse(stored.value.finished_at) <= since;
}

async function take({ warm, now, mint }: Services, timer: string): Promise<Lease | undefined> {
  const { ops } = warm;
  const held = { token: mint(), until: now() + LEASE_MS };
  const stored = await ops.readLease(timer);
  if (stored) {
    const lease = { ...stored.value, ...held };
    return stored.value.until <= now() && (await ops.replaceLease(lease, stored.etag)) ? lease : undefined;
  }
  const at = { id: leaseId(timer), pk: TIMERS_PARTITION, kind: 'lease', schema_version: 1 } as const;
  const lease: Lease = { ...at, ...held, cursor: null, finished_at: null };
  return (await ops.createLease(lease)) ? lease : undefined;
}

function createHeld({ warm, now }: Services, taken: Lease, stopAt: number): Held & { release(): Promise<void> } {
  let lease = taken;
  let written = now();

  async function write(change: Partial<Lease>): Promise<void> {
    const stored = await warm.ops.readLease(leaseTimer(taken));
    if (stored?.value.token !== taken.token) throw new TimerLeaseLost(taken.id);
    lease = { ...lease, ...change };
    if (!(await warm.ops.replaceLease(lease, stored.etag))) throw new TimerLeaseLost(taken.id);
    written = now();
  }
  return {
    cursor: taken.cursor ?? START,
    timeUp: () => now() >= stopAt,
    async moveTo(cursor) {
      lease = { ...lease, cursor, ...(cursor === null && { finished_at: new Date(now()).toISOString() }) };
      if (now() - written >= WRITE_EVERY_MS) await write({ until: now() + LEASE_MS });
    },
    release: () => write({ until: 0 }),
  };
}

const leaseTimer = ({ id }: Lease): string => id.slice(id.indexOf('|') + 1);
