import { MemoryError } from '../../errors.ts';
import type { DueEntry } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import { directoryPartitions, HEARTBEAT_ID, TIMERS_PARTITION } from '../../tiers/keys.ts';
import { evict } from '../retention/evict.ts';
import { ringWaitingWrites } from '../sessions/write-behind.ts';
import { type Held, underLease } from './lease.ts';
import { lookAtIdle } from './sweep-idle.ts';
import { lookAgainMs, lookAtJob } from './sweep-job.ts';
import type { Verdict } from './verdict.ts';

const BOX_MS = 50_000;
const PAGE = 100;
const AT_ONCE = 8;
const TICK_SLACK_MS = 5000; // a timer strikes a little early or late
const LONGEST_BROKEN_MS = 3_600_000;

/** What a sweep did: entries of ended sessions, of work rung again, done with, moved to a later look, and those it broke on. */
export interface Swept {
  ended: number;
  rung: number;
  removed: number;
  moved: number;
  broken: number;
  evicted: number;
  /** Sessions whose stores wait in blobs: rung again. */
  waiting: number;
}

/**
 * The timer's search for work that should have happened (DESIGN §6): looks at every due entry whose time has come, never at
 * sessions themselves; holds the hot tier to its size; leaves a sign of life. One instance at a time: undefined when another one is
 * at it. Stops after about 50 s, and the next sweep goes on in the partition where this one stopped. Errors: tier_unavailable.
 */
export function sweep(services: Services): Promise<Swept | undefined> {
  return underLease(services, { timer: 'sweep', boxMs: BOX_MS }, async (held) => {
    const swept: Swept = { ended: 0, rung: 0, removed: 0, moved: 0, broken: 0, evicted: 0, waiting: 0 };
    const evicted_at = await evictWhenDue(services, swept);
    swept.waiting = await ringWaitingWrites(services);
    await sweepDirectory(services, held, swept);
    const { ops } = services.warm;
    const at = { id: HEARTBEAT_ID, pk: TIMERS_PARTITION, kind: 'heartbeat', schema_version: 1 } as const;
    await ops.putHeartbeat({ ...at, at: iso(services.now()), instance: services.instanceId, evicted_at, last_sweep: { ...swept } });
    return swept;
  });
}

const iso = (ms: number): string => new Date(ms).toISOString();

async function evictWhenDue(services: Services, swept: Swept): Promise<string> {
  const last = (await services.warm.ops.readHeartbeat())?.evicted_at;
  const everyMs = services.config.memory.evictionIntervalSeconds * 1000;
  if (last !== undefined && services.now() - Date.parse(last) < everyMs - TICK_SLACK_MS) return last;
  swept.evicted = await evict(services);
  return iso(services.now());
}

/** Page by page through all partitions in turn, so that a long backlog in one of them does not keep the others waiting. */
async function sweepDirectory(services: Services, held: Held, swept: Swept): Promise<void> {
  const shards = directoryPartitions.length;
  let waiting = directoryPartitions.map((pk, n) => ({ pk, n }));
  waiting = [...waiting.slice(held.cursor.shard), ...waiting.slice(0, held.cursor.shard)];
  while (waiting.length > 0) {
    const full: typeof waiting = [];
    for (const { pk, n } of waiting) {
      if (held.timeUp()) return;
      const entries = await services.warm.directory.listDue(pk, { until: iso(services.now()), limit: PAGE });
      for (let i = 0; i < entries.length; i += AT_ONCE) {
        await Promise.all(entries.slice(i, i + AT_ONCE).map((entry) => settle(services, entry, swept)));
      }
      if (entries.length === PAGE) full.push({ pk, n });
      await held.moveTo({ shard: (n + 1) % shards, after: '' });
    }
    waiting = full;
  }
  await held.moveTo(null);
}

/** Looks at one entry and does with it as found, unless somebody announced new work under it meanwhile: then it stays as it is. */
async function settle(services: Services, entry: Stored<DueEntry>, swept: Swept): Promise<void> {
  const { directory } = services.warm;
  const verdict = await look(services, entry.value, swept);
  if (verdict.action === 'remove') await directory.remove(entry);
  else await directory.moveDue({ ...entry.value, check_at: iso(verdict.at), tries: verdict.tries ?? 0 }, entry.etag);
  swept[verdict.what]++;
}

/** One entry that cannot be dealt with must not keep the others waiting; a tier that is down stops the sweep. */
async function look(services: Services, entry: DueEntry, swept: Swept): Promise<Verdict> {
  try {
    return entry.due === 'idle' ? await lookAtIdle(services, entry) : await lookAtJob(services, entry);
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'tier_unavailable') throw error;
    swept.broken++;
    const { due, session_id, tries = 0 } = entry;
    services.log('error', 'sweep_broke', { due, session_id, reason: error instanceof Error ? error.name : typeof error });
    return { action: 'check', at: services.now() + lookAgainMs(tries, LONGEST_BROKEN_MS), tries: tries + 1, what: 'moved' };
  }
}
