import { Cron } from 'croner';
import { isTimeSpan, parseTimeSpan } from './timespan.ts';

export interface Schedule {
  /** The first occurrence after `from`, in local time as NCRONTAB counts. */
  next(from: Date): Date;
  /** Occurs more than once a minute: the host does not keep a status for such a timer. */
  isSubMinute: boolean;
}

const VALUE = '(?:\\d+|[a-z]{3})';
const PART = `(?:\\*|${VALUE}(?:-${VALUE})?)(?:/\\d+)?`;
const FIELD = new RegExp(`^${PART}(?:,${PART})*$`, 'i');
const MINUTE_MS = 60_000;

/** A timer's `schedule`: a six-field NCRONTAB expression (five fields: second 0) or a TimeSpan. Throws on anything else. */
export function parseSchedule(expression: string): Schedule {
  if (isTimeSpan(expression)) return every(parseTimeSpan(expression));
  const fields = expression.trim().split(/\s+/);
  if (![5, 6].includes(fields.length) || !fields.every((field) => FIELD.test(field))) throw unrecognized(expression);
  const cron = createCron(expression, fields);
  const next = (from: Date) => {
    const date = cron.nextRun(from);
    if (!date) throw new Error(`The schedule '${expression}' never occurs.`);
    return date;
  };
  const first = next(new Date());
  return { next, isSubMinute: next(first).getTime() - first.getTime() < MINUTE_MS };
}

function createCron(expression: string, fields: string[]): Cron {
  const withSeconds = fields.length === 5 ? ['0', ...fields] : fields;
  try {
    // NCRONTAB wants day of month and day of week both to match, and takes `5/15` for every 15 from 5 on.
    return new Cron(withSeconds.join(' '), { paused: true, domAndDow: true, sloppyRanges: true });
  } catch {
    throw unrecognized(expression);
  }
}

function every(milliseconds: number): Schedule {
  return { next: (from) => new Date(from.getTime() + milliseconds), isSubMinute: milliseconds < MINUTE_MS };
}

function unrecognized(expression: string): Error {
  return new Error(`The schedule expression '${expression}' was not recognized as a valid cron expression or timespan string.`);
}
