import { dateOf } from '../usage/dates.ts';

/** One line of a transcript taken apart. */
export interface Line {
  /** From 1. */
  no: number;
  text: string;
  /** ISO 8601 UTC, where the line begins with a time. */
  at?: string;
  /** The time has a date or stands in brackets: it is no part of a sentence. */
  stamped: boolean;
  /** What follows the time. */
  said: string;
  label?: string;
  /** The label is in bold or stands after a time. */
  marked: boolean;
  /** What follows the time and the label. */
  rest: string;
}

const HEAD = 200; // a time and a label stand at the start: no pattern looks further

const DATE = /^(\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})(?:[T ,]{1,2})?/;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)? ?([AaPp]\.?[Mm]\.?)?(Z|[+-]\d{2}:?\d{2})?(?![\d:])/;
const AFTER_TIME = /^[\])]?[ \t]*(?:[-–—|,][ \t]+)?/;

const NAME = String.raw`[\p{L}][\p{L}\p{M}\p{N}._'’@&/-]*(?: [\p{L}\p{N}(][\p{L}\p{M}\p{N}._'’@&/)-]*){0,4}`;
const BOLD = new RegExp(String.raw`^(?:[-*] )?(\*\*|__|\*)(${NAME})(?::\1|\1 ?:)[ \t]*`, 'u');
const PLAIN = new RegExp(String.raw`^(${NAME})(?: [[(](\d{1,2}:\d{2}(?::\d{2})?)[\])])? ?:(?!\/\/)(?=\s|$|[^\d\s])[ \t]*`, 'u');
const HEADING = /^#{1,6} (?:\*\*)?(you(?: said)?|user|human|assistant|chatgpt|ai|bot|system)(?:\*\*)? ?:?(?:\*\*)?[ \t]*$/iu;

/** A text's lines with their times and labels. `day` (ISO) is the day of times that name none. Linear in the text's length. */
export function* linesOf(text: string, day: string): Generator<Line> {
  let no = 0;
  let date = day.slice(0, 10);
  for (const line of splitLines(text)) {
    no++;
    const { at, date: named, used, stamped = false } = timeAt(line.slice(0, HEAD), date);
    if (named) date = named;
    const { label, bold, clock, length } = labelAt(line.slice(used, used + HEAD));
    const inner = clock === undefined ? undefined : timeAt(clock, date).at;
    yield {
      no,
      text: line,
      at: at ?? inner,
      stamped,
      said: line.slice(used),
      ...(label !== undefined && { label }),
      marked: bold || (label !== undefined && (at ?? inner) !== undefined),
      rest: line.slice(used + length),
    };
  }
}

function* splitLines(text: string): Generator<string> {
  const breaks = /\r\n?|\n/g;
  let from = text.startsWith('\uFEFF') ? 1 : 0;
  for (let found = breaks.exec(text); found; found = breaks.exec(text)) {
    yield text.slice(from, found.index);
    from = breaks.lastIndex;
  }
  yield text.slice(from);
}

/** `[2024-01-15 10:30]`, `(10:30)`, `2024-01-15T10:30:00Z -`, `15.01.2024, 10:30 -`, `10:30 PM`: the time, and how many characters say it. */
function timeAt(head: string, day: string): { at?: string; date?: string; stamped?: boolean; used: number } {
  const opened = /^[ \t]{0,8}[[(]?/.exec(head)?.[0].length ?? 0;
  const dated = DATE.exec(head.slice(opened));
  const date = dated ? isoDate(dated[1] ?? '') : day;
  if (date === undefined) return { used: 0 };
  const from = opened + (dated?.[0].length ?? 0);
  const clock = CLOCK.exec(head.slice(from));
  const bracketed = opened > 0 && /[[(]/.test(head.slice(0, opened));
  if (!clock) return { used: 0 };
  const at = isoTime(date, clock);
  if (at === undefined) return { used: 0 };
  const end = from + clock[0].length;
  const closed = /^[\])]/.test(head.slice(end));
  if (bracketed !== closed) return { used: 0 };
  return {
    at,
    stamped: bracketed || dated !== null,
    ...(dated && { date }),
    used: end + (AFTER_TIME.exec(head.slice(end))?.[0].length ?? 0),
  };
}

function isoDate(text: string): string | undefined {
  const [day, month, year] = text.split('.');
  const iso = year === undefined ? text : `${year}-${month?.padStart(2, '0')}-${day?.padStart(2, '0')}`;
  const ms = Date.parse(`${iso}T00:00:00Z`);
  return Number.isNaN(ms) || dateOf(ms) !== iso ? undefined : iso;
}

function isoTime(date: string, [, hour, minute, second = '00', half, zone]: RegExpExecArray): string | undefined {
  const pm = /^p/i.test(half ?? '');
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (pm ? 12 : 0);
  const offset = zone === undefined ? 'Z' : zone.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2');
  const ms = Date.parse(`${date}T${String(hours).padStart(2, '0')}:${minute}:${second}${offset}`);
  return Number.isNaN(ms) || ms < 0 ? undefined : new Date(ms).toISOString();
}

interface Labelled {
  label?: string;
  bold: boolean;
  clock?: string;
  length: number;
}

function labelAt(head: string): Labelled {
  const heading = HEADING.exec(head);
  if (heading) return { label: /^you/i.test(heading[1] ?? '') ? 'User' : heading[1], bold: true, length: heading[0].length };
  const bold = BOLD.exec(head);
  if (bold) return { label: bold[2], bold: true, length: bold[0].length };
  const plain = PLAIN.exec(head);
  if (!plain || (plain[1]?.length ?? 0) > 48) return { bold: false, length: 0 };
  return { label: plain[1], bold: false, clock: plain[2], length: plain[0].length };
}
