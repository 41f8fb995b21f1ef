import {
  type Command,
  command,
  type One,
  type OneOrMore,
  reads,
  type Three,
  TWO_KEYS,
  type Two,
  type TwoOrMore,
  writes,
} from '../command.ts';
import { parseScanOptions, scanPage } from '../scan.ts';

export const setCommands: Command[] = [
  reads('SCARD', 2, ({ db }, [key]: One) => db.read(key, 'set')?.size ?? 0),
  reads('SISMEMBER', 3, ({ db }, [key, member]: Two) => (db.read(key, 'set')?.has(member) ? 1 : 0)),
  reads('SMISMEMBER', -3, ({ db }, [key, ...members]: TwoOrMore) => {
    const set = db.read(key, 'set');
    return members.map((member) => (set?.has(member) ? 1 : 0));
  }),
  reads('SMEMBERS', 2, ({ db }, [key]: One) => ({ set: [...(db.read(key, 'set') ?? [])] })),
  reads('SSCAN', -3, ({ db }, [key, cursor, ...words]: TwoOrMore) => {
    const page = scanPage([...(db.read(key, 'set') ?? [])], cursor, parseScanOptions(words, { wholeIfSmall: true }));
    return [page.cursor, page.names];
  }),
  writes('SADD', -3, ({ db }, [key, ...members]: TwoOrMore) => {
    const set = db.open(key, 'set');
    const before = set.size;
    for (const member of members) set.add(member);
    if (set.size > before) db.changed(key);
    return set.size - before;
  }),
  writes('SREM', -3, ({ db }, [key, ...members]: OneOrMore) => {
    const set = db.read(key, 'set');
    const removed = members.filter((member) => set?.delete(member)).length;
    if (removed > 0) db.changed(key);
    return removed;
  }),
  command('SMOVE', { arity: 4, keys: TWO_KEYS, flags: ['write'] }, ({ db }, [from, to, member]: Three) => {
    const source = db.read(from, 'set');
    if (source === undefined) return 0;
    db.read(to, 'set');
    if (from === to) return source.has(member) ? 1 : 0;
    if (!source.delete(member)) return 0;
    db.changed(from);
    db.open(to, 'set').add(member);
    db.changed(to);
    return 1;
  }),
];
