import { type Command, type Context, type One, reads, type TwoOrMore, writes } from '../command.ts';
import { parseInteger } from '../numbers.ts';
import { Failure, type Reply } from '../reply.ts';

const LAST_MOMENT = 2 ** 63;

interface ExpiryForm {
  name: string;
  /** Milliseconds in one of the command's units. */
  unit: 1 | 1000;
  /** Counted from now, or a moment of Unix time. */
  relative: boolean;
}

function expireCommand({ name, unit, relative }: ExpiryForm): Command {
  return writes(name, -3, (context, [key, amount, ...words]: TwoOrMore) => {
    const condition = parseCondition(words);
    const moment = parseInteger(amount) * unit + (relative ? context.db.now() : 0);
    if (Math.abs(moment) >= LAST_MOMENT) throw new Failure(`ERR invalid expire time in '${name.toLowerCase()}' command`);
    return expireAt(context, key, { moment, condition });
  });
}

interface Condition {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
}

function parseCondition(words: string[]): Condition {
  const given = new Set(words.map((word) => word.toUpperCase()));
  const [nx, xx, gt, lt] = ['NX', 'XX', 'GT', 'LT'].map((word) => given.delete(word));
  const unknown = words.find((word) => given.has(word.toUpperCase()));
  if (unknown !== undefined) throw new Failure(`ERR Unsupported option ${unknown}`);
  if (nx && (xx || gt || lt)) throw new Failure('ERR NX and XX, GT or LT options at the same time are not compatible');
  if (gt && lt) throw new Failure('ERR GT and LT options at the same time are not compatible');
  return { nx: nx === true, xx: xx === true, gt: gt === true, lt: lt === true };
}

function expireAt({ db }: Context, key: string, { moment, condition }: { moment: number; condition: Condition }): Reply {
  const entry = db.find(key);
  if (entry === undefined) return 0;
  // A key without expiry counts as living for ever, so GT never holds for it and LT always does.
  const current = entry.expiresAt ?? Infinity;
  if (condition.nx && entry.expiresAt !== undefined) return 0;
  if (condition.xx && entry.expiresAt === undefined) return 0;
  if (condition.gt && moment <= current) return 0;
  if (condition.lt && moment >= current) return 0;
  if (moment <= db.now()) db.delete(key);
  else {
    entry.expiresAt = moment;
    db.changed(key);
  }
  return 1;
}

const ABSENT = -2;
const FOR_EVER = -1;

function lifetimeCommand(name: string, measure: (expiresAt: number, now: number) => number): Command {
  return reads(name, 2, ({ db }, [key]: One) => {
    const entry = db.find(key);
    if (entry === undefined) return ABSENT;
    return entry.expiresAt === undefined ? FOR_EVER : measure(entry.expiresAt, db.now());
  });
}

export const expiryCommands: Command[] = [
  expireCommand({ name: 'EXPIRE', unit: 1000, relative: true }),
  expireCommand({ name: 'PEXPIRE', unit: 1, relative: true }),
  expireCommand({ name: 'EXPIREAT', unit: 1000, relative: false }),
  expireCommand({ name: 'PEXPIREAT', unit: 1, relative: false }),
  lifetimeCommand('TTL', (expiresAt, now) => Math.floor((expiresAt - now + 500) / 1000)),
  lifetimeCommand('PTTL', (expiresAt, now) => expiresAt - now),
  lifetimeCommand('EXPIRETIME', (expiresAt) => Math.floor((expiresAt + 500) / 1000)),
  lifetimeCommand('PEXPIRETIME', (expiresAt) => expiresAt),
  writes('PERSIST', 2, ({ db }, [key]: One) => {
    const entry = db.find(key);
    if (entry?.expiresAt === undefined) return 0;
    entry.expiresAt = undefined;
    db.changed(key);
    return 1;
  }),
];
