import type { Services } from '../../services.ts';
import { jobDay } from '../../tiers/keys.ts';
import type { Figures } from '../../tiers/warm-processing.ts';
import { dateOf, daysAfter } from '../usage/dates.ts';

const QUEUE_DAYS = 30; // as long as a job is kept
const SHOWN_DAYS = 7;
const PICK_UP_MS = 2000; // from the doorbell to the worker
const GUESS_MS = 3000; // for one transcript, until there are figures
const MISSED_TICKS = 3; // after so many the sweep is taken for dead

const add = (figures: Figures[], of: (row: Figures) => number): number => figures.reduce((sum, row) => sum + of(row), 0);
const waiting = ({ status, n }: Figures): number => (status === 'queued' || status === 'running' ? n : 0);
const processed = ({ status, refused, n }: Figures): number => (status === 'done' && !refused ? n : 0);
const failed = ({ status, refused, n }: Figures): number => (status === 'failed' || status === 'poison' || refused ? n : 0);
const worked = (row: Figures): number => (processed(row) > 0 ? (row.ms ?? 0) : 0);
const average = (rows: Figures[]): number => Math.round(add(rows, worked) / (add(rows, processed) || 1));

/** How many transcripts of a tenant wait, asked for today or yesterday, and how long the n-th will take from now. */
export async function queueAhead({ warm, now }: Services, tenant: string) {
  const today = dateOf(now());
  const days = [today, daysAfter(today, -1)].map((date) => date.replaceAll('-', ''));
  const rows = (await Promise.all(days.map((day) => warm.processing.dayFigures(tenant, day, undefined)))).flat();
  const each = average(rows) || GUESS_MS;
  return {
    size: add(rows, waiting),
    msFor: (position: number, waited: number) => Math.max(each, PICK_UP_MS + position * each - waited),
  };
}

/** A time to come in words: `a few seconds`, `about 40 seconds`, `2-3 minutes`. */
export function estimateText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds === 0) return 'none: it is over';
  if (seconds <= 10) return 'a few seconds';
  if (seconds <= 90) return `about ${Math.ceil(seconds / 10) * 10} seconds`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes}-${minutes + Math.ceil(minutes / 2)} minutes`;
}

/** How the processing of transcripts stands, for a tenant or the one user that a caller may see. */
export async function processingStatus(services: Services, { tenant, user }: { tenant: string; user?: string }) {
  const { warm, now, config } = services;
  const today = dateOf(now());
  const dates = Array.from({ length: QUEUE_DAYS }, (_, n) => daysAfter(today, -n));
  const read = (date: string) => warm.processing.dayFigures(tenant, date.replaceAll('-', ''), user);
  const [days, heartbeat, processed_today] = await Promise.all([
    Promise.all(dates.map(async (date) => ({ date, rows: await read(date) }))),
    warm.ops.readHeartbeat(),
    processedToday(services, { tenant, user }),
  ]);
  const all = days.flatMap(({ rows }) => rows);
  const [good, bad] = [add(all, processed), add(all, failed)];
  const { intervalSeconds, rawRetentionDays, sessionRetentionDays, cleanupIntervalHours } = config.processing;
  const queued = all.filter((row) => row.status === 'queued').flatMap((row) => row.first ?? []);
  const ended = all.filter((row) => processed(row) > 0).flatMap((row) => row.last ?? []);
  const oldest = queued.toSorted()[0];
  return {
    success: true as const,
    processor_running: heartbeat !== undefined && now() - Date.parse(heartbeat.at) <= MISSED_TICKS * intervalSeconds * 1000,
    queue_size: add(all, waiting),
    processed_today,
    last_processed_at: ended.toSorted().at(-1) ?? null,
    processing_interval_seconds: intervalSeconds,
    retention_policy: {
      raw_transcripts_days: rawRetentionDays,
      processed_sessions_days: sessionRetentionDays,
      cleanup_interval_hours: cleanupIntervalHours,
    },
    heartbeat_at: heartbeat?.at ?? null,
    errors: bad,
    success_rate: good + bad === 0 ? null : good / (good + bad),
    avg_processing_ms: good === 0 ? null : average(all),
    oldest_queued_seconds: oldest === undefined ? 0 : Math.max(0, Math.round((now() - Date.parse(oldest)) / 1000)),
    by_day: days.slice(0, SHOWN_DAYS).map(({ date, rows }) => ({
      date,
      processed: add(rows, processed),
      errors: add(rows, failed),
      avg_ms: add(rows, processed) === 0 ? null : average(rows),
    })),
  };
}

/** Transcripts processed since midnight, UTC, handed in today or yesterday. */
export async function processedToday({ warm, now }: Services, { tenant, user }: { tenant: string; user?: string }): Promise<number> {
  const today = dateOf(now());
  const since = `${today}T00:00:00.000Z`;
  const days = [now(), now() - 86_400_000].map(jobDay);
  const counts = await Promise.all(days.map((day) => warm.processing.countDone(tenant, day, { since, user_id: user })));
  return counts.reduce((sum, n) => sum + n, 0);
}
