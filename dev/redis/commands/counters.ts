import { type Command, type Context, type One, type Two, writes } from '../command.ts';
import { fitsInt64, formatSum, parseFloat64, parseInt64 } from '../numbers.ts';
import { Failure, type Reply } from '../reply.ts';

/** The sum as 64-bit integers; throws when it overflows. */
export function addInt64(current: bigint, by: bigint): bigint {
  const sum = current + by;
  if (!fitsInt64(sum)) throw new Failure('ERR increment or decrement would overflow');
  return sum;
}

/** The sum of two floats as text; throws when it is not finite. */
export function addFloat(current: string, by: string): string {
  const sum = parseFloat64(current) + parseFloat64(by);
  if (!Number.isFinite(sum)) throw new Failure('ERR increment would produce NaN or Infinity');
  return formatSum(sum);
}

function increment({ db }: Context, key: string, by: bigint): Reply {
  const sum = addInt64(parseInt64(db.read(key, 'string') ?? '0'), by);
  db.putText(key, String(sum));
  return sum;
}

function negated(text: string): bigint {
  const by = parseInt64(text);
  if (!fitsInt64(-by)) throw new Failure('ERR decrement would overflow');
  return -by;
}

export const counterCommands: Command[] = [
  writes('INCR', 2, (context, [key]: One) => increment(context, key, 1n)),
  writes('DECR', 2, (context, [key]: One) => increment(context, key, -1n)),
  writes('INCRBY', 3, (context, [key, by]: Two) => increment(context, key, parseInt64(by))),
  writes('DECRBY', 3, (context, [key, by]: Two) => increment(context, key, negated(by))),
  writes('INCRBYFLOAT', 3, ({ db }, [key, by]: Two) => {
    const sum = addFloat(db.read(key, 'string') ?? '0', by);
    db.putText(key, sum);
    return sum;
  }),
];
