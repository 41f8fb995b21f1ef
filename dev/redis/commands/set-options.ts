import { parseInteger } from '../numbers.ts';
import { Failure, syntaxError } from '../reply.ts';

/** A lifetime as it was written: `EX 10`, `PX 10000`, `EXAT …` or `PXAT …`. */
export type Lifetime = [unit: string, amount: string];

/** What follows the value of SET, or the key of GETEX. */
export interface SetOptions {
  lifetime?: Lifetime;
  only?: 'NX' | 'XX';
  get?: boolean;
  keepTtl?: boolean;
  persist?: boolean;
}

const LIFETIME_UNITS = new Set(['EX', 'PX', 'EXAT', 'PXAT']);
/** An expiry beyond this would overflow the 64-bit milliseconds that Redis keeps. */
const LAST_MOMENT = 2 ** 63;

/** Reads the options of SET (a lifetime, `NX`, `XX`, `GET`, `KEEPTTL`) or of GETEX (a lifetime, `PERSIST`). */
export function parseSetOptions(words: string[], name: 'set' | 'getex'): SetOptions {
  const options: SetOptions = {};
  for (let at = 0; at < words.length; at++) {
    const word = (words[at] ?? '').toUpperCase();
    const amount = words[at + 1];
    if (LIFETIME_UNITS.has(word) && amount !== undefined) {
      if (hasLifetime(options)) throw syntaxError();
      options.lifetime = [word, amount];
      at++;
    } else if (name === 'getex') readGetexWord(options, word);
    else readSetWord(options, word);
  }
  return options;
}

function readGetexWord(options: SetOptions, word: string): void {
  if (word !== 'PERSIST' || hasLifetime(options)) throw syntaxError();
  options.persist = true;
}

function readSetWord(options: SetOptions, word: string): void {
  if ((word === 'NX' || word === 'XX') && (options.only ?? word) === word) options.only = word;
  else if (word === 'GET') options.get = true;
  else if (word === 'KEEPTTL' && options.lifetime === undefined) options.keepTtl = true;
  else throw syntaxError();
}

function hasLifetime({ lifetime, keepTtl, persist }: SetOptions): boolean {
  return lifetime !== undefined || keepTtl === true || persist === true;
}

/** The moment (ms of Unix time) at which a lifetime ends; throws when it is not positive or overflows. */
export function endOf([unit, amount]: Lifetime, { now, name }: { now: number; name: string }): number {
  const given = parseInteger(amount);
  const ms = unit.startsWith('EX') ? given * 1000 : given;
  const moment = unit.endsWith('AT') ? ms : now + ms;
  if (given <= 0 || moment >= LAST_MOMENT) throw new Failure(`ERR invalid expire time in '${name}' command`);
  return moment;
}
