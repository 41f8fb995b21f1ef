import { type Command, type OneOrMore, writes } from '../command.ts';
import type { Keyspace } from '../keyspace.ts';
import { parseFloat64 } from '../numbers.ts';
import { Failure, type Reply, syntaxError } from '../reply.ts';
import { SortedSet } from '../sorted-set.ts';

const OPTIONS = new Set(['NX', 'XX', 'GT', 'LT', 'CH', 'INCR']);

interface Addition {
  options: ReadonlySet<string>;
  pairs: [member: string, score: number][];
}

function parse(words: string[]): Addition {
  const firstPair = words.findIndex((word) => !OPTIONS.has(word.toUpperCase()));
  const options = new Set(words.slice(0, Math.max(0, firstPair)).map((word) => word.toUpperCase()));
  const rest = firstPair === -1 ? [] : words.slice(firstPair);
  if (rest.length === 0 || rest.length % 2 !== 0) throw syntaxError();
  refuseContradictions(options);
  if (options.has('INCR') && rest.length > 2) throw new Failure('ERR INCR option supports a single increment-element pair');
  const pairs: Addition['pairs'] = [];
  for (let at = 0; at < rest.length; at += 2) pairs.push([rest[at + 1] ?? '', parseFloat64(rest[at] ?? '')]);
  return { options, pairs };
}

function refuseContradictions(options: ReadonlySet<string>): void {
  if (options.has('NX') && options.has('XX')) throw new Failure('ERR XX and NX options at the same time are not compatible');
  const comparisons = ['GT', 'LT'].filter((word) => options.has(word)).length;
  if (comparisons === 2 || (comparisons === 1 && options.has('NX'))) {
    throw new Failure('ERR GT, LT, and/or NX options at the same time are not compatible');
  }
}

/** The score that the member gets, or undefined when the options leave it as it is. */
function newScore(current: number | undefined, given: number, options: ReadonlySet<string>): number | undefined {
  if (current === undefined) return options.has('XX') ? undefined : given;
  if (options.has('NX')) return undefined;
  const score = options.has('INCR') ? current + given : given;
  if (Number.isNaN(score)) throw new Failure('ERR resulting score is not a number (NaN)');
  if (options.has('GT') && score <= current) return undefined;
  if (options.has('LT') && score >= current) return undefined;
  return score;
}

function add(db: Keyspace, key: string, { options, pairs }: Addition): Reply {
  const present = db.read(key, 'zset');
  const zset = present ?? new SortedSet();
  let added = 0;
  let updated = 0;
  let last: number | undefined;
  for (const [member, given] of pairs) {
    const current = zset.score(member);
    last = newScore(current, given, options);
    if (last === undefined || last === current) continue;
    zset.set(member, last);
    if (current === undefined) added++;
    else updated++;
  }
  if (present === undefined && added > 0) db.put(key, { kind: 'zset', value: zset });
  else if (added + updated > 0) db.changed(key);
  if (options.has('INCR')) return last === undefined ? null : { double: last };
  return options.has('CH') ? added + updated : added;
}

export const sortedSetAddCommands: Command[] = [writes('ZADD', -4, ({ db }, [key, ...words]: OneOrMore) => add(db, key, parse(words)))];
