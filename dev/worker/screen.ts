import type { Watcher } from './cycle.ts';

const BAR = 24;

/** A progress bar of fixed width. */
export function bar(done: number, total: number): string {
  const filled = total === 0 ? BAR : Math.round((BAR * done) / total);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${done}/${total}`;
}

/** Writes what a cycle does: one line that moves on a terminal, a line for each job elsewhere. */
export function createScreen({
  isTTY,
  write,
}: {
  isTTY: boolean;
  write: (text: string) => void;
}): Watcher & { note: (text: string) => void } {
  let moving = false;
  const note = (text: string) => {
    write(`${moving ? '\r\x1b[K' : ''}${text}\n`);
    moving = false;
  };
  const counts = (of: object) =>
    Object.entries(of)
      .filter(([, value]) => typeof value === 'number' && value > 0)
      .map(([name, value]) => `${value} ${name}`)
      .join(', ') || 'nothing to do';
  return {
    note,
    swept: (swept) => note(`sweep: ${swept ? counts(swept) : 'another instance is at it'}`),
    job({ done, total, job }) {
      const what = `${job.job_kind} ${job.session_id}`;
      if (!isTTY) return note(`job ${done + 1}/${total}: ${what}`);
      write(`\r\x1b[K${bar(done, total)} ${what}`);
      moving = true;
    },
    failed: (job_id, error) => note(`job ${job_id} failed: ${error instanceof Error ? error.message : String(error)}`),
    retained: (kept) =>
      note(`retention: ${kept ? `${counts(kept)}${kept.complete ? '' : ' (to be gone on with)'}` : 'another instance is at it'}`),
  };
}
