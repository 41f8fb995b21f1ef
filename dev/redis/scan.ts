import { globMatcher } from './glob.ts';
import { parseInteger } from './numbers.ts';
import { Failure, syntaxError } from './reply.ts';

const DEFAULT_COUNT = 10;
/** Collections up to this size come in one page whatever COUNT says, as Redis does with its compact encodings. */
const SMALL = 128;

interface ScanOptions {
  matches: (name: string) => boolean;
  count: number;
  type?: string;
  wholeIfSmall: boolean;
}

/** Reads MATCH, COUNT and (for SCAN) TYPE. */
export function parseScanOptions(words: string[], allowed: { type?: boolean; wholeIfSmall?: boolean }): ScanOptions {
  const options: ScanOptions = { matches: () => true, count: DEFAULT_COUNT, wholeIfSmall: allowed.wholeIfSmall ?? false };
  for (let at = 0; at < words.length; at += 2) {
    const word = words[at]?.toUpperCase();
    const value = words[at + 1];
    if (value === undefined) throw syntaxError();
    if (word === 'MATCH') options.matches = globMatcher(value);
    else if (word === 'COUNT') options.count = parseInteger(value);
    else if (word === 'TYPE' && allowed.type) options.type = value.toLowerCase();
    else throw syntaxError();
  }
  if (options.count < 1) throw syntaxError();
  return options;
}

/**
 * One page of a scan. Names are walked in the order of their hash and the cursor is the hash to go on from, so a name that
 * stays during the whole scan is seen exactly once, whatever comes and goes meanwhile.
 */
export function scanPage(names: string[], cursorText: string, options: ScanOptions): { cursor: string; names: string[] } {
  if (!/^[0-9]{1,20}$/.test(cursorText)) throw new Failure('ERR invalid cursor');
  if (options.wholeIfSmall && names.length <= SMALL) return { cursor: '0', names: names.filter(options.matches) };
  const cursor = Number(cursorText);
  const remaining = names
    .map((name) => ({ name, place: hash(name) }))
    .filter(({ place }) => place >= cursor)
    .sort((a, b) => a.place - b.place);
  const following = remaining[options.count];
  const last = remaining[options.count - 1];
  // Names of equal hash must not be parted: the cursor could not tell them from one another.
  const boundary = following === undefined ? Infinity : following.place === last?.place ? following.place + 1 : following.place;
  const page = remaining.filter(({ place }) => place < boundary).map(({ name }) => name);
  const complete = page.length === remaining.length;
  return { cursor: complete ? '0' : String(boundary), names: page.filter(options.matches) };
}

/** FNV-1a, never 0: cursor 0 means the start. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) value = Math.imul(value ^ name.charCodeAt(at), 0x01000193);
  return (value >>> 0) + 1;
}
