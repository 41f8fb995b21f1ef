import {
  ALL_KEYS,
  type Command,
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
import { sliceBounds } from './bounds.ts';
import { expiryFrom, parseSetOptions, type SetOptions } from './set-options.ts';

const MAX_BYTES = 512 * 1024 * 1024;

function set(db: Keyspace, [key, value]: Two, options: SetOptions): Reply {
  const before = db.find(key);
  const previous = options.get ? (db.read(key, 'string') ?? null) : null;
  if ((options.only === 'NX' && before) || (options.only === 'XX' && !before)) return previous;
  const expiresAt = options.keepTtl ? before?.expiresAt : options.expiresAt;
  db.put(key, { kind: 'string', value, expiresAt });
  return options.get ? previous : OK;
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
  reads('GETRANGE', 4, ({ db }, [key, start, end]: Three) => {
    const text = db.read(key, 'string') ?? '';
    const [from, to] = sliceBounds([start, end], text.length);
    return text.slice(from, to);
  }),
  command('MGET', { arity: -2, keys: ALL_KEYS, flags: ['readonly'] }, ({ db }, keys: OneOrMore) => keys.map((key) => textOf(db, key))),

  writes('SET', -3, ({ db }, [key, value, ...options]: TwoOrMore) => set(db, [key, value], parseSetOptions(options, db.now()))),
  writes('SETNX', 3, ({ db }, [key, value]: Two) => (set(db, [key, value], { only: 'NX' }) === null ? 0 : 1)),
  writes('SETEX', 4, ({ db }, [key, seconds, value]: Three) => {
    const expiresAt = expiryFrom(['EX', seconds], { now: db.now(), name: 'setex' });
    return set(db, [key, value], { expiresAt });
  }),
  writes('PSETEX', 4, ({ db }, [key, ms, value]: Three) => {
    const expiresAt = expiryFrom(['PX', ms], { now: db.now(), name: 'psetex' });
    return set(db, [key, value], { expiresAt });
  }),
  writes('GETSET', 3, ({ db }, [key, value]: Two) => set(db, [key, value], { get: true })),
  writes('GETDEL', 2, ({ db }, [key]: One) => {
    const value = db.read(key, 'string');
    if (value !== undefined) db.delete(key);
    return value ?? null;
  }),
  writes('GETEX', -2, ({ db }, [key, ...words]: OneOrMore) => {
    const options = parseSetOptions(words, db.now(), 'getex');
    const value = db.read(key, 'string');
    if (value === undefined) return null;
    if (words.length > 0) db.put(key, { kind: 'string', value, expiresAt: options.expiresAt });
    return value;
  }),
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
    const text = db.read(key, 'string') ?? '';
    const from = parseInteger(offset);
    if (from < 0) throw new Failure('ERR offset is out of range');
    if (patch === '') return text.length;
    if (from + patch.length > MAX_BYTES) throw new Failure('ERR string exceeds maximum allowed size (proto-max-bulk-len)');
    const value = text.padEnd(from, '\0').slice(0, from) + patch + text.slice(from + patch.length);
    db.putText(key, value);
    return value.length;
  }),
];
