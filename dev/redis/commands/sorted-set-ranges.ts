import { type Command, type Context, reads, type Three, type ThreeOrMore, writes } from '../command.ts';
import { parseInteger } from '../numbers.ts';
import { Failure, type Reply, syntaxError } from '../reply.ts';
import { sliceBounds } from './bounds.ts';
import { inBounds, scoreBounds } from './score-bounds.ts';
import { removeMembers } from './sorted-sets.ts';

interface Range {
  by: 'rank' | 'score';
  reverse: boolean;
  withScores: boolean;
  limit?: { offset: number; count: number };
}

type Members = readonly [member: string, score: number][];

/** Reads what follows the two ends of a range; each command allows its own words. */
function parseRange(words: string[], range: Range, allowed: readonly string[]): Range {
  const parsed = { ...range };
  for (let at = 0; at < words.length; at++) {
    const word = (words[at] ?? '').toUpperCase();
    if (!allowed.includes(word)) throw syntaxError();
    if (word === 'WITHSCORES') parsed.withScores = true;
    else if (word === 'REV') parsed.reverse = true;
    else if (word === 'BYSCORE') parsed.by = 'score';
    else {
      const [offset, count] = words.slice(at + 1, at + 3);
      if (offset === undefined || count === undefined) throw syntaxError();
      parsed.limit = { offset: parseInteger(offset), count: parseInteger(count) };
      at += 2;
    }
  }
  if (parsed.limit && parsed.by === 'rank') {
    throw new Failure('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX');
  }
  return parsed;
}

/** What the range picks out of the members. Its ends are read at once: a wrong one is refused before the key is looked at. */
function selector([start, end]: [string, string], { by, reverse, limit }: Range): (members: Members) => Members {
  if (by === 'rank') {
    const bounds: [number, number] = [parseInteger(start), parseInteger(end)];
    return (members) => {
      const walked = reverse ? members.toReversed() : members;
      return walked.slice(...sliceBounds(bounds, walked.length));
    };
  }
  // In reverse the higher end comes first.
  const bounds = reverse ? scoreBounds(end, start) : scoreBounds(start, end);
  return (members) => {
    const within = members.filter(([, score]) => inBounds(score, bounds));
    return limited(reverse ? within.reverse() : within, limit);
  };
}

/** A negative offset selects nothing, a negative count everything from the offset on. */
function limited(members: Members, limit: Range['limit']): Members {
  if (limit === undefined) return members;
  if (limit.offset < 0) return [];
  return members.slice(limit.offset, limit.count < 0 ? undefined : limit.offset + limit.count);
}

interface RangeForm extends Pick<Range, 'by' | 'reverse'> {
  allowed: readonly string[];
}

function rangeCommand(name: string, { by, reverse, allowed }: RangeForm): Command {
  return reads(name, -4, ({ db }: Context, [key, start, end, ...words]: ThreeOrMore): Reply => {
    const range = parseRange(words, { by, reverse, withScores: false }, allowed);
    const select = selector([start, end], range);
    const selected = select(db.read(key, 'zset')?.ordered() ?? []);
    return range.withScores ? { scored: [...selected] } : selected.map(([member]) => member);
  });
}

function removeCommand(name: string, by: Range['by']): Command {
  return writes(name, 4, ({ db }, [key, start, end]: Three) => {
    const select = selector([start, end], { by, reverse: false, withScores: false });
    const selected = select(db.read(key, 'zset')?.ordered() ?? []);
    return removeMembers(
      db,
      key,
      selected.map(([member]) => member),
    );
  });
}

export const sortedSetRangeCommands: Command[] = [
  rangeCommand('ZRANGE', { by: 'rank', reverse: false, allowed: ['BYSCORE', 'REV', 'LIMIT', 'WITHSCORES'] }),
  rangeCommand('ZREVRANGE', { by: 'rank', reverse: true, allowed: ['WITHSCORES'] }),
  rangeCommand('ZRANGEBYSCORE', { by: 'score', reverse: false, allowed: ['LIMIT', 'WITHSCORES'] }),
  rangeCommand('ZREVRANGEBYSCORE', { by: 'score', reverse: true, allowed: ['LIMIT', 'WITHSCORES'] }),
  removeCommand('ZREMRANGEBYRANK', 'rank'),
  removeCommand('ZREMRANGEBYSCORE', 'score'),
];
