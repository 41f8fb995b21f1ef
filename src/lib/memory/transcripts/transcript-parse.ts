import type { Role } from '../../model.ts';
import { type Line, linesOf } from './transcript-lines.ts';
import { castOf, nameOf } from './transcript-speakers.ts';

export const MAX_MESSAGE = 32_768; // characters, as of every message
const MAX_MESSAGES = 100_000;
const MAX_LINES = 250_000; // a second's work: a worker serves others beside
const LOOK_BACK = 1000; // how far from a cut a better place for it is looked for
const MAX_NAME = 128;
const MOST_CONTROL = 0.1;

export interface TranscriptMessage {
  role: Role;
  content: string;
  name?: string;
  /** ISO 8601 UTC, where the transcript says it. */
  created_at?: string;
  first_line: number;
  last_line: number;
}
/** A transcript's messages in their order, or why it is not one. */
export type Parsed = { messages: TranscriptMessage[]; lines: number } | { refused: string };

/**
 * Reads who said what and when: `User:` and `Assistant:` and what they are called elsewhere, `Name:`, bold names, times at the start of a
 * line, lines that go on; without any speaker, each paragraph is a message of the user. What stands before the first speaker is a system
 * message. `at` (ISO) is the day of times without one, `user` the user's own name. Pure, linear in the length, and never throws.
 */
export function parseTranscript(text: string, { at, user }: { at: string; user?: string }): Parsed {
  const rubbish = whyRubbish(text);
  if (rubbish) return { refused: rubbish };
  if (countBreaks(text) >= MAX_LINES) return { refused: `it has more than ${MAX_LINES} lines` };
  const lines = [...linesOf(text, at)];
  const labelled = lines.flatMap(({ label, marked }) => (label === undefined ? [] : [{ label, marked }]));
  const first = lines.find((line) => line.text.trim() !== '');
  const cast = castOf(labelled, { opens: first?.label !== undefined, user });
  const messages = cast.size > 0 ? dialogue(lines, cast) : paragraphs(lines);
  if (messages.length === 0) return { refused: 'it holds no text' };
  if (messages.length > MAX_MESSAGES) return { refused: `it has more than ${MAX_MESSAGES} messages` };
  return { messages, lines: lines.length };
}

/** NUL, or more than a tenth of control characters and broken UTF-8: no conversation. */
function whyRubbish(text: string): string | undefined {
  if (text.includes('\u0000')) return 'it holds NUL characters: it is binary, not text';
  let control = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isSpace = (code >= 9 && code <= 13) || code === 27;
    if ((code < 32 && !isSpace) || (code >= 127 && code < 160 && code !== 133) || code === 0xfffd) control++;
  }
  return control > text.length * MOST_CONTROL ? 'it is mostly control characters: it is binary, not text' : undefined;
}

interface Open {
  role: Role;
  name?: string;
  at?: string;
  first: number;
  last: number;
  parts: string[];
}

function dialogue(lines: Line[], cast: Map<string, Role>): TranscriptMessage[] {
  const messages: TranscriptMessage[] = [];
  let open: Open = { role: 'system', first: 1, last: 1, parts: [] };
  let fenced = false;
  for (const line of lines) {
    const role = line.label === undefined ? undefined : cast.get(line.label);
    const speaks = role !== undefined && !(fenced && !line.marked && nameOf(line.label ?? '') !== undefined);
    if (speaks) {
      close(open, messages);
      const name = nameOf(line.label ?? '')?.slice(0, MAX_NAME);
      open = { role, ...(name && { name }), at: line.at, first: line.no, last: line.no, parts: [line.rest] };
      fenced = opensFence(line.rest);
    } else {
      if (opensFence(line.text)) fenced = !fenced;
      goOn(open, line);
    }
  }
  close(open, messages);
  return messages;
}

/** Code in a message: what stands before a colon there is a key, not a speaker. */
const opensFence = (text: string): boolean => /^\s{0,3}```/.test(text);

function paragraphs(lines: Line[]): TranscriptMessage[] {
  const messages: TranscriptMessage[] = [];
  let open: Open = { role: 'user', first: 1, last: 1, parts: [] };
  for (const line of lines) {
    const { stamped, said } = line;
    if (stamped || line.text.trim() === '') {
      close(open, messages);
      open = { role: 'user', ...(stamped && { at: line.at }), first: line.no, last: line.no, parts: [] };
    }
    goOn(open, stamped ? { ...line, text: said } : line);
  }
  close(open, messages);
  return messages;
}

function goOn(open: Open, { no, text }: Line): void {
  if (open.parts.length === 0 && text.trim() === '') return;
  if (open.parts.length === 0) open.first = no;
  open.parts.push(text);
  if (text.trim() !== '') open.last = no;
}

/** The message as it was said, in pieces where it is longer than a message may be. */
function close({ role, name, at, first, last, parts }: Open, messages: TranscriptMessage[]): void {
  const content = parts.slice(0, last - first + 1).join('\n');
  let line = first;
  for (const piece of pieces(content)) {
    const breaks = countBreaks(piece);
    const said = piece.trim();
    const shared = { role, ...(name && { name }), ...(at && { created_at: at }) };
    if (said !== '') messages.push({ ...shared, content: said, first_line: line, last_line: line + countBreaks(piece.trimEnd()) });
    line += breaks;
  }
}

function* pieces(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const to = text.length - from <= MAX_MESSAGE ? text.length : cutAt(text, from);
    yield text.slice(from, to);
    from = to;
  }
}

/** The last end of a line, else of a word, shortly before the limit; never inside a surrogate pair. */
function cutAt(text: string, from: number): number {
  const most = from + MAX_MESSAGE;
  const near = text.slice(most - LOOK_BACK, most);
  const space = Math.max(near.lastIndexOf('\n'), near.lastIndexOf(' '));
  const line = near.lastIndexOf('\n');
  if (space >= 0) return most - LOOK_BACK + (line >= 0 ? line : space) + 1;
  const code = text.charCodeAt(most - 1);
  return code >= 0xd800 && code <= 0xdbff ? most - 1 : most;
}

function countBreaks(text: string): number {
  let breaks = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) breaks++;
  return breaks;
}
