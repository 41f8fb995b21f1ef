import { type Command, reads, type TwoOrMore } from '../command.ts';
import { parseInteger } from '../numbers.ts';
import { Failure, type Reply, syntaxError } from '../reply.ts';

interface Search {
  value: string;
  backwards: boolean;
  /** How many matches to collect. */
  limit: number;
  /** How many matches to pass over first. */
  skip?: number;
  /** How many elements to look at. */
  within?: number;
}

/** Positions of a value in a list, in the order of the search. */
export function positionsOf(list: readonly string[], { value, backwards, limit, skip = 0, within = Infinity }: Search): number[] {
  const found: number[] = [];
  let passed = 0;
  for (let step = 0; step < Math.min(within, list.length) && found.length < limit; step++) {
    const at = backwards ? list.length - 1 - step : step;
    if (list[at] !== value) continue;
    if (passed < skip) passed++;
    else found.push(at);
  }
  return found;
}

interface Options {
  rank: number;
  count?: number;
  maxLength: number;
}

function parseOptions(words: string[]): Options {
  const options: Options = { rank: 1, maxLength: 0 };
  for (let at = 0; at < words.length; at += 2) {
    const word = words[at]?.toUpperCase();
    const amount = words[at + 1];
    if (amount === undefined) throw syntaxError();
    if (word === 'RANK') options.rank = rankFrom(amount);
    else if (word === 'COUNT') options.count = notNegative(amount, 'COUNT');
    else if (word === 'MAXLEN') options.maxLength = notNegative(amount, 'MAXLEN');
    else throw syntaxError();
  }
  return options;
}

function rankFrom(text: string): number {
  const rank = parseInteger(text);
  const advice =
    "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";
  if (rank === 0) throw new Failure(`ERR ${advice}`);
  return rank;
}

function notNegative(text: string, name: string): number {
  if (!/^[0-9]+$/.test(text)) throw new Failure(`ERR ${name} can't be negative`);
  return parseInteger(text);
}

export const listPositionCommands: Command[] = [
  reads('LPOS', -3, ({ db }, [key, value, ...words]: TwoOrMore): Reply => {
    const { rank, count, maxLength } = parseOptions(words);
    const found = positionsOf(db.read(key, 'list') ?? [], {
      value,
      backwards: rank < 0,
      limit: count === undefined ? 1 : count || Infinity,
      skip: Math.abs(rank) - 1,
      within: maxLength || Infinity,
    });
    return count === undefined ? (found[0] ?? null) : found;
  }),
];
