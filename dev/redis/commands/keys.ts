import {
  ALL_KEYS,
  type Command,
  type Context,
  command,
  NO_KEYS,
  type One,
  type OneOrMore,
  reads,
  TWO_KEYS,
  type Two,
  type TwoOrMore,
} from '../command.ts';
import { globMatcher } from '../glob.ts';
import type { Entry } from '../keyspace.ts';
import { Failure, noSuchKey, OK, type Reply, syntaxError } from '../reply.ts';
import { parseScanOptions, scanPage } from '../scan.ts';
import { SortedSet } from '../sorted-set.ts';

function countPresent({ db }: Context, keys: string[]): number {
  return keys.filter((key) => db.find(key) !== undefined).length;
}

function remove({ db }: Context, keys: string[]): number {
  return keys.filter((key) => db.find(key) !== undefined && db.delete(key)).length;
}

function rename({ db }: Context, from: string, to: string): void {
  const entry = db.find(from);
  if (entry === undefined) throw noSuchKey();
  db.delete(from);
  db.put(to, entry);
}

function copyOf(entry: Entry): Entry {
  if (entry.kind !== 'zset') return structuredClone(entry);
  const value = new SortedSet();
  for (const [member, score] of entry.value.ordered()) value.set(member, score);
  return { ...entry, value };
}

function copy({ db }: Context, [from, to, ...words]: TwoOrMore): Reply {
  const replace = words[0]?.toUpperCase() === 'REPLACE';
  if (words.length > (replace ? 1 : 0)) throw syntaxError();
  if (from === to) throw new Failure('ERR source and destination objects are the same');
  const entry = db.find(from);
  if (entry === undefined || (db.find(to) !== undefined && !replace)) return 0;
  db.put(to, copyOf(entry));
  return 1;
}

export const keyCommands: Command[] = [
  command('DEL', { arity: -2, keys: ALL_KEYS, flags: ['write'] }, (context, keys: OneOrMore) => remove(context, keys)),
  command('UNLINK', { arity: -2, keys: ALL_KEYS, flags: ['write'] }, (context, keys: OneOrMore) => remove(context, keys)),
  command('EXISTS', { arity: -2, keys: ALL_KEYS, flags: ['readonly'] }, (context, keys: OneOrMore) => countPresent(context, keys)),
  command('TOUCH', { arity: -2, keys: ALL_KEYS, flags: ['readonly'] }, (context, keys: OneOrMore) => countPresent(context, keys)),
  reads('TYPE', 2, ({ db }, [key]: One) => ({ status: db.find(key)?.kind ?? 'none' })),
  command('RENAME', { arity: 3, keys: TWO_KEYS, flags: ['write'] }, (context, [from, to]: Two) => {
    rename(context, from, to);
    return OK;
  }),
  command('RENAMENX', { arity: 3, keys: TWO_KEYS, flags: ['write'] }, (context, [from, to]: Two) => {
    if (context.db.find(from) !== undefined && context.db.find(to) !== undefined) return 0;
    rename(context, from, to);
    return 1;
  }),
  command('COPY', { arity: -3, keys: TWO_KEYS, flags: ['write'] }, copy),
  command('KEYS', { arity: 2, keys: NO_KEYS, flags: ['readonly'] }, ({ db }, [pattern]: One) => db.keys().filter(globMatcher(pattern))),
  command('SCAN', { arity: -2, keys: NO_KEYS, flags: ['readonly'] }, ({ db }, [cursor, ...words]: OneOrMore) => {
    const options = parseScanOptions(words, { type: true });
    const page = scanPage(db.keys(), cursor, options);
    const ofType = (key: string) => options.type === undefined || db.find(key)?.kind === options.type;
    return [page.cursor, page.names.filter(ofType)];
  }),
];
