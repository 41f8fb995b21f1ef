import { type Command, type One, type OneOrMore, reads, type Three, type Two, type TwoOrMore, writes } from '../command.ts';
import type { Keyspace } from '../keyspace.ts';
import { formatGeneral, parseCount, parseFloat64 } from '../numbers.ts';
import { Failure, type Reply, syntaxError } from '../reply.ts';
import { parseScanOptions, scanPage } from '../scan.ts';
import { inBounds, scoreBounds } from './score-bounds.ts';

function scoreReply(score: number | undefined): Reply {
  return score === undefined ? null : { double: score };
}

/** Removes the members and answers how many were there. */
export function removeMembers(db: Keyspace, key: string, members: readonly string[]): number {
  const zset = db.read(key, 'zset');
  const removed = members.filter((member) => zset?.delete(member)).length;
  if (removed > 0) db.changed(key);
  return removed;
}

function rankCommand(name: string, { reverse }: { reverse: boolean }): Command {
  return reads(name, 3, ({ db }, [key, member]: Two) => {
    const zset = db.read(key, 'zset');
    const rank = zset?.rank(member);
    if (zset === undefined || rank === undefined) return null;
    return reverse ? zset.size - 1 - rank : rank;
  });
}

function popCommand(name: string, { highest }: { highest: boolean }): Command {
  return writes(name, -2, ({ db }, [key, countText, ...rest]: OneOrMore): Reply => {
    if (rest.length > 0) throw syntaxError();
    const count = countText === undefined ? 1 : parseCount(countText);
    const ordered = db.read(key, 'zset')?.ordered() ?? [];
    const popped = highest ? ordered.toReversed().slice(0, count) : ordered.slice(0, count);
    removeMembers(
      db,
      key,
      popped.map(([member]) => member),
    );
    const [only] = popped;
    // Without a count, RESP3 too has the member and its score side by side.
    if (countText === undefined) return only === undefined ? [] : [only[0], { double: only[1] }];
    return { scored: popped };
  });
}

export const sortedSetCommands: Command[] = [
  reads('ZCARD', 2, ({ db }, [key]: One) => db.read(key, 'zset')?.size ?? 0),
  reads('ZSCORE', 3, ({ db }, [key, member]: Two) => scoreReply(db.read(key, 'zset')?.score(member))),
  reads('ZMSCORE', -3, ({ db }, [key, ...members]: TwoOrMore) => {
    const zset = db.read(key, 'zset');
    return members.map((member) => scoreReply(zset?.score(member)));
  }),
  reads('ZCOUNT', 4, ({ db }, [key, min, max]: Three) => {
    const bounds = scoreBounds(min, max);
    const ordered = db.read(key, 'zset')?.ordered() ?? [];
    return ordered.filter(([, score]) => inBounds(score, bounds)).length;
  }),
  rankCommand('ZRANK', { reverse: false }),
  rankCommand('ZREVRANK', { reverse: true }),
  reads('ZSCAN', -3, ({ db }, [key, cursor, ...words]: TwoOrMore) => {
    const zset = db.read(key, 'zset');
    const members = zset?.ordered().map(([member]) => member) ?? [];
    const page = scanPage(members, cursor, parseScanOptions(words, { wholeIfSmall: true }));
    return [page.cursor, page.names.flatMap((member) => [member, formatGeneral(zset?.score(member) ?? 0, 17)])];
  }),

  writes('ZREM', -3, ({ db }, [key, ...members]: TwoOrMore) => removeMembers(db, key, members)),
  writes('ZINCRBY', 4, ({ db }, [key, by, member]: Three) => {
    const step = parseFloat64(by);
    const score = (db.read(key, 'zset')?.score(member) ?? 0) + step;
    if (Number.isNaN(score)) throw new Failure('ERR resulting score is not a number (NaN)');
    db.open(key, 'zset').set(member, score);
    db.changed(key);
    return { double: score };
  }),
  popCommand('ZPOPMIN', { highest: false }),
  popCommand('ZPOPMAX', { highest: true }),
];
