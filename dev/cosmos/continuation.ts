import { z } from 'zod';
import { badRequest } from './errors.ts';
import { isObject, type Value } from './sql/values.ts';

/** The place of a row in a result: its sort keys, then its document, then its number among that document's rows. */
export interface Position {
  keys: Value[];
  partition: string;
  id: string;
  row: number;
}

/** Where the next page starts: after a row, with what OFFSET and TOP/LIMIT still demand; or at a number in a computed list. */
export type Continuation = { after: Position; skip: number; left: number | null } | { from: number };

/** A key fits in an array of none or one; arrays and objects tie in every sort order, so their content is left out. */
const Key = z.array(z.json()).max(1);

const Token = z.union([
  z.object({
    after: z.object({ keys: z.array(Key), partition: z.string(), id: z.string(), row: z.int() }),
    skip: z.int(),
    left: z.int().nullable(),
  }),
  z.object({ from: z.int().min(0) }),
]);

function encodeKey(value: Value): Value[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return [[]];
  return isObject(value) ? [{}] : [value];
}

/** The token a client sends back to go on. Opaque to it, and safe in a header. */
export function encodeContinuation(continuation: Continuation): string {
  const token = 'from' in continuation ? continuation : { ...continuation, after: withKeys(continuation.after) };
  return Buffer.from(JSON.stringify(token)).toString('base64');
}

const withKeys = (after: Position) => ({ ...after, keys: after.keys.map(encodeKey) });

/** Reads a token. Throws 400 for one that was not made here. */
export function decodeContinuation(token: string): Continuation {
  try {
    const decoded = Token.parse(JSON.parse(Buffer.from(token, 'base64').toString()));
    if ('from' in decoded) return decoded;
    return { ...decoded, after: { ...decoded.after, keys: decoded.after.keys.map(([value]) => value) } };
  } catch {
    throw badRequest('The continuation token is malformed.');
  }
}
