import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Schedule } from './schedule.ts';

const ScheduleStatus = z.object({ Last: z.coerce.date(), Next: z.coerce.date(), LastUpdated: z.coerce.date() });

/** When a timer last ran and when it is due, as the extension keeps it under these names. */
export type ScheduleStatus = z.infer<typeof ScheduleStatus>;

const NEVER = new Date('0001-01-01T00:00:00Z');

/** The status to start with, and whether an occurrence was missed while no host was running. */
export function resumeSchedule(stored: ScheduleStatus | undefined, schedule: Schedule, now: Date) {
  const fresh = { Last: NEVER, Next: schedule.next(now), LastUpdated: now };
  if (!stored) return { status: fresh, isPastDue: false };
  const counted = stored.Last.getTime() === NEVER.getTime() ? stored.LastUpdated : stored.Last;
  const expected = schedule.next(counted);
  // Another Next than the schedule gives means that the schedule was changed: nothing of the new one was missed.
  if (expected.getTime() !== stored.Next.getTime())
    return { status: expected < now ? fresh : { ...fresh, Next: expected }, isPastDue: false };
  return { status: stored, isPastDue: stored.Next < now };
}

/**
 * The status after a run that began at `startedAt`. A timer that fired a little early counts from when it was due, or
 * the same occurrence would come twice; a catch-up run counts from when it happened.
 */
export function statusAfterRun(
  { Next }: ScheduleStatus,
  schedule: Schedule,
  { startedAt, isScheduled }: { startedAt: Date; isScheduled: boolean },
) {
  const counted = isScheduled && Next > startedAt ? Next : startedAt;
  return { Last: counted, Next: schedule.next(counted), LastUpdated: counted };
}

/** Reads a status file; a missing or unreadable one counts as none. */
export function readStatus(path: string): ScheduleStatus | undefined {
  try {
    return ScheduleStatus.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

export function writeStatus(path: string, status: ScheduleStatus): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(status));
  renameSync(draft, path);
}
