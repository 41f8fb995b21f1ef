import { MemoryError } from '../../errors.ts';
import type { DirectoryEntry } from '../../model.ts';
import type { DirectoryCursor } from '../../model-timers.ts';
import type { Services } from '../../services.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import { directoryPartitions, memoryPartition, ownerOf } from '../../tiers/keys.ts';
import { underLease } from '../jobs/lease.ts';
import { cleanTranscripts } from '../transcripts/transcript-cleanup.ts';
import { rollUpUsage } from '../usage/usage-rollup.ts';
import { expireSession } from './expire-session.ts';

const BOX_MS = 50_000;
const PAGE = 96;
const AT_ONCE = 8;
const TRANSCRIPTS = 100; // of one owner in one run
const DAY_MS = 86_400_000;
const HEADLESS_MS = DAY_MS; // far longer than a session takes from its directory entry to its head

/** What retention did, or in a dry run would do. */
export interface Retained {
  /** Directory entries that were looked at. */
  looked: number;
  /** Sessions deleted, and the messages in them. */
  sessions: number;
  messages: number;
  /** Sessions that are old enough but not reflected on to their end: they stay until they are. */
  unprocessed: number;
  /** Directory entries under which there was no session. */
  empty: number;
  broken: number;
  /** Days of usage that were folded into their months. */
  days_folded: number;
  /** Transcripts whose text was deleted. */
  transcripts: number;
  /** Whether the whole directory was looked at; otherwise the next run goes on. */
  complete: boolean;
}

interface Walk {
  cursor: DirectoryCursor;
  timeUp(): boolean;
  moveTo(cursor: DirectoryCursor | null): Promise<void>;
}

/**
 * Deletes what is past its time (DESIGN §6): sessions that ended SESSION_RETENTION_DAYS ago, texts of transcripts processed
 * RAW_RETENTION_DAYS ago. Walks the directory in bounded pages
 * for about 50 s, and the next run goes on there. One instance at a time: undefined when another one is at it. A dry run only
 * counts, from the beginning, beside whatever runs. Errors: tier_unavailable.
 */
export function retain(services: Services, { dryRun = false } = {}): Promise<Retained | undefined> {
  if (!dryRun) return underLease(services, { timer: 'retain', boxMs: BOX_MS }, (held) => walk(services, held, { dryRun }));
  const until = services.now() + BOX_MS;
  const counting = { cursor: { shard: 0, after: '' }, timeUp: () => services.now() >= until, moveTo: async () => {} };
  return walk(services, counting, { dryRun });
}

/** Goes on with a round that did not finish, so that a long one takes as many ticks of the sweep, not as many days. */
export async function goOnRetaining(services: Services): Promise<Retained | undefined> {
  const lease = await services.warm.ops.readLease('retain');
  return lease?.value.cursor ? retain(services) : undefined;
}

async function walk(services: Services, { cursor, timeUp, moveTo }: Walk, { dryRun }: { dryRun: boolean }): Promise<Retained> {
  const counts: Retained = {
    looked: 0,
    sessions: 0,
    messages: 0,
    unprocessed: 0,
    empty: 0,
    broken: 0,
    days_folded: 0,
    transcripts: 0,
    complete: false,
  };
  const run: Run = { counts, dryRun, timeUp, tenants: new Set(), partitions: new Set() };
  for (let { shard, after } = cursor; shard < directoryPartitions.length; shard++, after = '') {
    for (let full = true; full; ) {
      const pk = directoryPartitions[shard] ?? '';
      const entries = await services.warm.directory.listSessions(pk, { after, limit: PAGE });
      for (let i = 0; i < entries.length; i += AT_ONCE) {
        if (timeUp()) return counts;
        const slice = entries.slice(i, i + AT_ONCE);
        await Promise.all(slice.map((entry) => settle(services, entry, run)));
        after = slice.at(-1)?.value.id ?? after;
        await moveTo({ shard, after });
      }
      full = entries.length === PAGE;
    }
    if (timeUp()) return counts;
  }
  await moveTo(null);
  return { ...counts, complete: true };
}

interface Run {
  counts: Retained;
  dryRun: boolean;
  timeUp(): boolean;
  /** Tenants whose usage was rolled up, and partitions whose transcripts were looked at, in this run. */
  tenants: Set<string>;
  partitions: Set<string>;
}

/** One session that cannot be dealt with must not keep the others; a tier that is down stops the run. */
async function settle(services: Services, entry: Stored<DirectoryEntry>, run: Run): Promise<void> {
  const { counts } = run;
  counts.looked++;
  try {
    await rollUpOnce(services, entry.value.tenant, run);
    await cleanOnce(services, entry.value, run);
    await look(services, entry, run);
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'tier_unavailable') throw error;
    counts.broken++;
    const reason = error instanceof Error ? error.name : typeof error;
    services.log('error', 'retain_broke', { session_id: entry.value.session_id, reason });
  }
}

/** Folds the tenant's days of usage that are over into months, once a run. */
async function rollUpOnce(services: Services, tenant: string, { counts, dryRun, timeUp, tenants }: Run): Promise<void> {
  if (dryRun || tenants.has(tenant)) return;
  tenants.add(tenant);
  counts.days_folded += (await rollUpUsage(services, tenant, { timeUp })).folded.length;
}

/** Deletes the texts of an owner's transcripts after RAW_RETENTION_DAYS, once a run; a long backlog takes as many runs. */
async function cleanOnce(
  services: Services,
  { tenant, user_id, session_id }: DirectoryEntry,
  { counts, dryRun, partitions }: Run,
): Promise<void> {
  const owner = ownerOf(tenant, user_id, session_id);
  const partition = memoryPartition(owner);
  if (partitions.has(partition)) return;
  partitions.add(partition);
  const olderThanDays = services.config.processing.rawRetentionDays;
  counts.transcripts += (await cleanTranscripts(services, owner, { olderThanDays, dryRun, limit: TRANSCRIPTS })).transcripts;
}

async function look(services: Services, entry: Stored<DirectoryEntry>, { counts, dryRun }: Run): Promise<void> {
  const { tenant, user_id, session_id, claimed_at = '' } = entry.value;
  const { warm, config, now } = services;
  const owner = ownerOf(tenant, user_id, session_id);
  const head = await warm.sessions.readHead(owner, session_id);
  if (!head) {
    if (claimed_at > before(now(), HEADLESS_MS)) return;
    counts.empty++;
    if (!dryRun) await warm.directory.remove(entry);
    return;
  }
  const { status, ended_at, reflected_through, last_seq } = head.value;
  if (status !== 'ended' || ended_at === null || ended_at > before(now(), keptMs(config.processing))) return;
  if (reflected_through < last_seq) {
    counts.unprocessed++;
    return;
  }
  if (!dryRun && !(await expireSession(services, owner, head))) return;
  counts.sessions++;
  counts.messages += last_seq;
  if (!dryRun) await warm.directory.remove(entry);
}

/** The directory entry leads to a session's raw transcript too, so it stays as long as that does. */
const keptMs = ({ sessionRetentionDays, rawRetentionDays }: Services['config']['processing']): number =>
  Math.max(sessionRetentionDays, rawRetentionDays) * DAY_MS;

const before = (now: number, ms: number): string => new Date(now - ms).toISOString();
