import {
  type Command,
  type One,
  type OneOrMore,
  reads,
  type Three,
  type ThreeOrMore,
  type Two,
  type TwoOrMore,
  writes,
} from '../command.ts';
import type { Keyspace } from '../keyspace.ts';
import { parseInt64 } from '../numbers.ts';
import { Failure, OK, wrongArity } from '../reply.ts';
import { parseScanOptions, scanPage } from '../scan.ts';
import { addFloat, addInt64 } from './counters.ts';

/** Sets the fields and answers how many of them are new. */
function setFields(db: Keyspace, key: string, pairs: string[]): number {
  const hash = db.open(key, 'hash');
  const before = hash.size;
  for (let at = 0; at < pairs.length; at += 2) hash.set(pairs[at] ?? '', pairs[at + 1] ?? '');
  db.changed(key);
  return hash.size - before;
}

function setField(db: Keyspace, key: string, [field, value]: Two): void {
  setFields(db, key, [field, value]);
}

function currentInteger(text: string): bigint {
  try {
    return parseInt64(text);
  } catch {
    throw new Failure('ERR hash value is not an integer');
  }
}

function currentFloat(text: string, by: string): string {
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
  if (!isNumber) throw new Failure('ERR hash value is not a float');
  return addFloat(text, by);
}

export const hashCommands: Command[] = [
  reads('HGET', 3, ({ db }, [key, field]: Two) => db.read(key, 'hash')?.get(field) ?? null),
  reads('HMGET', -3, ({ db }, [key, ...fields]: TwoOrMore) => {
    const hash = db.read(key, 'hash');
    return fields.map((field) => hash?.get(field) ?? null);
  }),
  reads('HGETALL', 2, ({ db }, [key]: One) => ({ pairs: [...(db.read(key, 'hash') ?? [])] })),
  reads('HKEYS', 2, ({ db }, [key]: One) => [...(db.read(key, 'hash')?.keys() ?? [])]),
  reads('HVALS', 2, ({ db }, [key]: One) => [...(db.read(key, 'hash')?.values() ?? [])]),
  reads('HLEN', 2, ({ db }, [key]: One) => db.read(key, 'hash')?.size ?? 0),
  reads('HEXISTS', 3, ({ db }, [key, field]: Two) => (db.read(key, 'hash')?.has(field) ? 1 : 0)),
  reads('HSTRLEN', 3, ({ db }, [key, field]: Two) => db.read(key, 'hash')?.get(field)?.length ?? 0),
  reads('HSCAN', -3, ({ db }, [key, cursor, ...words]: TwoOrMore) => {
    const hash = db.read(key, 'hash') ?? new Map<string, string>();
    const page = scanPage([...hash.keys()], cursor, parseScanOptions(words, { wholeIfSmall: true }));
    return [page.cursor, page.names.flatMap((field) => [field, hash.get(field) ?? ''])];
  }),

  writes('HSET', -4, ({ db }, [key, ...pairs]: ThreeOrMore) => {
    if (pairs.length % 2 !== 0) throw wrongArity('hset');
    return setFields(db, key, pairs);
  }),
  writes('HMSET', -4, ({ db }, [key, ...pairs]: ThreeOrMore) => {
    if (pairs.length % 2 !== 0) throw wrongArity('hmset');
    setFields(db, key, pairs);
    return OK;
  }),
  writes('HSETNX', 4, ({ db }, [key, field, value]: Three) => {
    if (db.read(key, 'hash')?.has(field)) return 0;
    setField(db, key, [field, value]);
    return 1;
  }),
  writes('HDEL', -3, ({ db }, [key, ...fields]: OneOrMore) => {
    const hash = db.read(key, 'hash');
    const removed = fields.filter((field) => hash?.delete(field)).length;
    if (removed > 0) db.changed(key);
    return removed;
  }),
  writes('HINCRBY', 4, ({ db }, [key, field, by]: Three) => {
    const step = parseInt64(by);
    const sum = addInt64(currentInteger(db.read(key, 'hash')?.get(field) ?? '0'), step);
    setField(db, key, [field, String(sum)]);
    return sum;
  }),
  writes('HINCRBYFLOAT', 4, ({ db }, [key, field, by]: Three) => {
    const sum = currentFloat(db.read(key, 'hash')?.get(field) ?? '0', by);
    setField(db, key, [field, sum]);
    return sum;
  }),
];
