import {
  type Command,
  type Context,
  command,
  type Four,
  type One,
  type OneOrMore,
  reads,
  type Three,
  TWO_KEYS,
  type Two,
  type TwoOrMore,
  writes,
} from '../command.ts';
import type { Keyspace } from '../keyspace.ts';
import { parseCount, parseInteger } from '../numbers.ts';
import { Failure, NULL_ARRAY, noSuchKey, OK, type Reply, syntaxError, wrongArity } from '../reply.ts';
import { sliceBounds } from './bounds.ts';
import { positionsOf } from './list-positions.ts';

type End = 'left' | 'right';

function push(db: Keyspace, key: string, { values, end }: { values: string[]; end: End }): number {
  const list = db.open(key, 'list');
  if (end === 'right') list.push(...values);
  else list.unshift(...values.toReversed());
  db.changed(key);
  return list.length;
}

const pushCommand = (name: string, end: End) => writes(name, -3, ({ db }, [key, ...values]: TwoOrMore) => push(db, key, { values, end }));

const pushExistingCommand = (name: string, end: End) =>
  writes(name, -3, ({ db }, [key, ...values]: TwoOrMore) => (db.read(key, 'list') ? push(db, key, { values, end }) : 0));

function take(db: Keyspace, key: string, { count, end }: { count: number; end: End }): string[] {
  const list = db.read(key, 'list') ?? [];
  const taken = end === 'left' ? list.splice(0, count) : list.splice(Math.max(0, list.length - count)).reverse();
  if (taken.length > 0) db.changed(key);
  return taken;
}

const popCommand = (name: string, end: End) =>
  writes(name, -2, ({ db }, [key, countText, ...rest]: OneOrMore): Reply => {
    if (rest.length > 0) throw wrongArity(name);
    if (countText === undefined) return take(db, key, { count: 1, end })[0] ?? null;
    const count = parseCount(countText);
    return db.read(key, 'list') === undefined ? NULL_ARRAY : take(db, key, { count, end });
  });

/** LREM: `count` from the head, or from the tail when negative; 0 means all. */
function removeMatching({ db }: Context, [key, countText, value]: Three): number {
  const count = parseInteger(countText);
  const list = db.read(key, 'list');
  if (list === undefined) return 0;
  const limit = count === 0 ? Infinity : Math.abs(count);
  const matches = positionsOf(list, { value, backwards: count < 0, limit });
  for (const at of matches.toSorted((a, b) => b - a)) list.splice(at, 1);
  if (matches.length > 0) db.changed(key);
  return matches.length;
}

function insert({ db }: Context, [key, where, pivot, value]: Four): number {
  const side = where.toUpperCase();
  if (side !== 'BEFORE' && side !== 'AFTER') throw syntaxError();
  const list = db.read(key, 'list');
  if (list === undefined) return 0;
  const at = list.indexOf(pivot);
  if (at === -1) return -1;
  list.splice(side === 'BEFORE' ? at : at + 1, 0, value);
  db.changed(key);
  return list.length;
}

function move({ db }: Context, [from, to]: Two, ends: { from: End; to: End }): Reply {
  if (db.read(from, 'list') === undefined) return null;
  db.read(to, 'list');
  const [value = ''] = take(db, from, { count: 1, end: ends.from });
  push(db, to, { values: [value], end: ends.to });
  return value;
}

function endNamed(word: string): End {
  const end = word.toLowerCase();
  if (end !== 'left' && end !== 'right') throw syntaxError();
  return end;
}

export const listCommands: Command[] = [
  reads('LLEN', 2, ({ db }, [key]: One) => db.read(key, 'list')?.length ?? 0),
  reads('LINDEX', 3, ({ db }, [key, at]: Two) => db.read(key, 'list')?.at(parseInteger(at)) ?? null),
  reads('LRANGE', 4, ({ db }, [key, start, end]: Three) => {
    const bounds: [number, number] = [parseInteger(start), parseInteger(end)];
    const list = db.read(key, 'list') ?? [];
    const [from, to] = sliceBounds(bounds, list.length);
    return list.slice(from, to);
  }),
  pushCommand('LPUSH', 'left'),
  pushCommand('RPUSH', 'right'),
  pushExistingCommand('LPUSHX', 'left'),
  pushExistingCommand('RPUSHX', 'right'),
  popCommand('LPOP', 'left'),
  popCommand('RPOP', 'right'),
  writes('LSET', 4, ({ db }, [key, position, value]: Three) => {
    const list = db.read(key, 'list');
    if (list === undefined) throw noSuchKey();
    const at = parseInteger(position);
    const from = at < 0 ? list.length + at : at;
    if (from < 0 || from >= list.length) throw new Failure('ERR index out of range');
    list[from] = value;
    db.changed(key);
    return OK;
  }),
  writes('LTRIM', 4, ({ db }, [key, start, end]: Three) => {
    const bounds: [number, number] = [parseInteger(start), parseInteger(end)];
    const list = db.read(key, 'list') ?? [];
    const [from, to] = sliceBounds(bounds, list.length);
    list.splice(to);
    list.splice(0, from);
    db.changed(key);
    return OK;
  }),
  writes('LINSERT', 5, insert),
  writes('LREM', 4, removeMatching),
  command('LMOVE', { arity: 5, keys: TWO_KEYS, flags: ['write'] }, (context, [from, to, fromEnd, toEnd]: Four) =>
    move(context, [from, to], { from: endNamed(fromEnd), to: endNamed(toEnd) }),
  ),
  command('RPOPLPUSH', { arity: 3, keys: TWO_KEYS, flags: ['write'] }, (context, [from, to]: Two) =>
    move(context, [from, to], { from: 'right', to: 'left' }),
  ),
];
