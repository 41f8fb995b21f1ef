import { parseInteger } from '../numbers.ts';
import { Failure, syntaxError } from '../reply.ts';

/** What follows the value of SET, or the key of GETEX. `expiresAt` is ms of Unix time. */
export interface SetOptions {
  expiresAt?: number;
  only?: 'NX' | 'XX';
  get?: boolean;
  keepTtl?: boolean;
  persist?: boolean;
}

const EXPIRY_UNITS = new Set(['EX', 'PX', 'EXAT', 'PXAT']);
/** An expiry beyond this would overflow the 64-bit milliseconds that Redis keeps. */
const LAST_MOMENT = 2 ** 63;

/** Reads the options of SET (`EX`, `PX`, `EXAT`, `PXAT`, `NX`, `XX`, `GET`, `KEEPTTL`) or of GETEX (`EX` … `PXAT`, `PERSIST`). */
export function parseSetOptions(words: string[], now: number, name: 'set' | 'getex' = 'set'): SetOptions {
  const options: SetOptions = {};
  for (let at = 0; at < words.length; at++) {
    const word = (words[at] ?? '').toUpperCase();
    const amount = words[at + 1];
    if (EXPIRY_UNITS.has(word) && amount !== undefined) {
      if (hasLifetime(options)) throw syntaxError();
      options.expiresAt = expiryFrom([word, amount], { now, name });
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
  else if (word === 'KEEPTTL' && options.expiresAt === undefined) options.keepTtl = true;
  else throw syntaxError();
}

function hasLifetime({ expiresAt, keepTtl, persist }: SetOptions): boolean {
  return expiresAt !== undefined || keepTtl === true || persist === true;
}

/** The moment (ms of Unix time) that `EX 10`, `PX 10000`, `EXAT …` or `PXAT …` names; throws when it is not positive or overflows. */
export function expiryFrom([unit, amount]: [unit: string, amount: string], { now, name }: { now: number; name: string }): number {
  const given = parseInteger(amount);
  const ms = unit.startsWith('EX') ? given * 1000 : given;
  const moment = unit.endsWith('AT') ? ms : now + ms;
  if (given <= 0 || moment >= LAST_MOMENT) throw new Failure(`ERR invalid expire time in '${name}' command`);
  return moment;
}
