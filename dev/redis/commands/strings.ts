import {
  ALL_KEYS,
  type Command,
  type Context,
  command,
  type One,
  type OneOrMore,
  reads,
  type Three,
  type Two,
  type TwoOrMore,
  writes,
} from '../command.ts';
import type { Keyspace } from '../keyspace.ts';
import { parseInteger } from '../numbers.ts';
import { Failure, OK, type Reply, wrongArity } from '../reply.ts';
import { endOf, type Lifetime, parseSetOptions, type SetOptions } from './set-options.ts';

const MAX_BYTES = 512 * 1024 * 1024;

function set(db: Keyspace, [key, value]: Two, options: SetOptions & { name?: string }): Reply {
  const { lifetime, name = 'set', only, get, keepTtl } = options;
  const end = lifetime && endOf(lifetime, { now: db.now(), name });
  const before = db.find(key);
  const previous = get ? (db.read(key, 'string') ?? null) : null;
  if ((only === 'NX' && before) || (only === 'XX' && !before)) return previous;
  db.put(key, { kind: 'string', value, expiresAt: keepTtl ? before?.expiresAt : end });
  return get ? previous : OK;
}

function getAndExpire({ db }: Context, [key, ...words]: OneOrMore): Reply {
  const { lifetime } = parseSetOptions(words, 'getex');
  const value = db.read(key, 'string');
  if (value === undefined) return null;
  const expiresAt = lifetime && endOf(lifetime, { now: db.now(), name: 'getex' });
  if (words.length > 0) db.put(key, { kind: 'string', value, expiresAt });
  return value;
}

/** Unlike with lists, an end before the start of the text still means its first byte. */
function textRange({ db }: Context, [key, start, end]: Three): string {
  const [first, last] = [parseInteger(start), parseInteger(end)];
  const text = db.read(key, 'string') ?? '';
  if (first < 0 && last < 0 && first > last) return '';
  const from = Math.max(0, first < 0 ? text.length + first : first);
  const to = Math.max(0, last < 0 ? text.length + last : last);
  return text.slice(from, to + 1);
}

function textOf(db: Keyspace, key: string): string | null {
  const entry = db.find(key);
  return entry?.kind === 'string' ? entry.value : null;
}

function setMany(db: Keyspace, pairs: string[]): void {
  for (let at = 0; at < pairs.length; at += 2) db.put(pairs[at] ?? '', { kind: 'string', value: pairs[at + 1] ?? '' });
}

export const stringCommands: Command[] = [
  reads('GET', 2, ({ db }, [key]: One) => db.read(key, 'string') ?? null),
  reads('STRLEN', 2, ({ db }, [key]: One) => db.read(key, 'string')?.length ?? 0),
  reads('GETRANGE', 4, textRange),
  command('MGET', { arity: -2, keys: ALL_KEYS, flags: ['readonly'] }, ({ db }, keys: OneOrMore) => keys.map((key) => textOf(db, key))),

  writes('SET', -3, ({ db }, [key, value, ...words]: TwoOrMore) => set(db, [key, value], parseSetOptions(words, 'set'))),
  writes('SETNX', 3, ({ db }, [key, value]: Two) => (set(db, [key, value], { only: 'NX' }) === null ? 0 : 1)),
  writes('SETEX', 4, ({ db }, [key, seconds, value]: Three) => {
    const lifetime: Lifetime = ['EX', seconds];
    return set(db, [key, value], { lifetime, name: 'setex' });
  }),
  writes('PSETEX', 4, ({ db }, [key, ms, value]: Three) => {
    const lifetime: Lifetime = ['PX', ms];
    return set(db, [key, value], { lifetime, name: 'psetex' });
  }),
  writes('GETSET', 3, ({ db }, [key, value]: Two) => set(db, [key, value], { get: true })),
  writes('GETDEL', 2, ({ db }, [key]: One) => {
    const value = db.read(key, 'string');
    if (value !== undefined) db.delete(key);
    return value ?? null;
  }),
  writes('GETEX', -2, getAndExpire),
  command('MSET', { arity: -3, keys: [1, -1, 2], flags: ['write'] }, ({ db }, pairs: TwoOrMore) => {
    if (pairs.length % 2 !== 0) throw wrongArity('mset');
    setMany(db, pairs);
    return OK;
  }),
  command('MSETNX', { arity: -3, keys: [1, -1, 2], flags: ['write'] }, ({ db }, pairs: TwoOrMore) => {
    if (pairs.length % 2 !== 0) throw wrongArity('msetnx');
    if (pairs.some((key, at) => at % 2 === 0 && db.find(key))) return 0;
    setMany(db, pairs);
    return 1;
  }),
  writes('APPEND', 3, ({ db }, [key, suffix]: Two) => {
    const value = (db.read(key, 'string') ?? '') + suffix;
    db.putText(key, value);
    return value.length;
  }),
  writes('SETRANGE', 4, ({ db }, [key, offset, patch]: Three) => {
    const from = parseInteger(offset);
    if (from < 0) throw new Failure('ERR offset is out of range');
    const text = db.read(key, 'string') ?? '';
    if (patch === '') return text.length;
    if (from + patch.length > MAX_BYTES) throw new Failure('ERR string exceeds maximum allowed size (proto-max-bulk-len)');
    const value = text.padEnd(from, '\0').slice(0, from) + patch + text.slice(from + patch.length);
    db.putText(key, value);
    return value.length;
  }),
];
