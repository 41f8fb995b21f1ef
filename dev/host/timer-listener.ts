import { join } from 'node:path';
import { resolveSettingNames } from './app-settings.ts';
import type { HostFunction } from './functions.ts';
import type { Invoker } from './invoke.ts';
import type { Listener } from './listener.ts';
import { parseSchedule } from './schedule.ts';
import { acquireLock, releaseLock } from './timer-lock.ts';
import { readStatus, resumeSchedule, type ScheduleStatus, statusAfterRun, writeStatus } from './timer-status.ts';
import type { TypedData } from './worker-protocol.ts';

interface TimerOptions {
  fn: HostFunction;
  invoker: Invoker;
  /** Where the status of the timers is kept. */
  directory: string;
  env: Record<string, string | undefined>;
}

// A longer setTimeout fires at once.
const MAX_SLEEP_MS = 2 ** 31 - 1;
const LOCK_RETRY_MS = 5000;

/** Runs a timer function at its schedule: never two runs at once, and one catch-up run for any number of missed ones. */
export function listenToTimer({ fn, invoker, directory, env }: TimerOptions): Listener {
  const { runOnStartup = false, useMonitor = true } = fn.trigger as { runOnStartup?: boolean; useMonitor?: boolean };
  const schedule = parseSchedule(resolveSettingNames(String(fn.trigger.schedule), env));
  const isMonitored = useMonitor && !schedule.isSubMinute;
  const path = join(directory, `${fn.name}.json`);
  const lock = join(directory, `${fn.name}.lock`);
  let status: ScheduleStatus;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  function begin(): void {
    if (isStopped) return;
    if (!acquireLock(lock)) {
      timer = setTimeout(begin, LOCK_RETRY_MS);
      return;
    }
    const resumed = resumeSchedule(isMonitored ? readStatus(path) : undefined, schedule, new Date());
    keep(resumed.status);
    if (resumed.isPastDue) running = run({ isPastDue: true, isScheduled: false });
    else if (runOnStartup) running = run({ isPastDue: false, isScheduled: false });
    else sleep();
  }

  function keep(next: ScheduleStatus): void {
    status = next;
    if (isMonitored) writeStatus(path, status);
  }

  function sleep(): void {
    if (isStopped) return;
    const remaining = status.Next.getTime() - Date.now();
    timer = setTimeout(wake, Math.min(Math.max(remaining, 1), MAX_SLEEP_MS));
  }

  function wake(): void {
    if (status.Next.getTime() - Date.now() > 1000) sleep();
    else running = run({ isPastDue: false, isScheduled: true });
  }

  async function run({ isPastDue, isScheduled }: { isPastDue: boolean; isScheduled: boolean }): Promise<void> {
    const startedAt = new Date();
    const data = timerInfo({ isPastDue, status: isMonitored ? status : undefined });
    await invoker.invoke(fn, { data }).catch(() => undefined);
    keep(statusAfterRun(status, schedule, { startedAt, isScheduled }));
    sleep();
  }

  begin();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
      releaseLock(lock);
    },
  };
}

/** What a timer function is given. */
export function timerInfo({ isPastDue, status }: { isPastDue: boolean; status: ScheduleStatus | undefined }): TypedData {
  return { json: JSON.stringify({ Schedule: { AdjustForDST: true }, ScheduleStatus: status ?? null, IsPastDue: isPastDue }) };
}
