import { MemoryError } from './errors.ts';

/** Where the next page of a list begins, as a caller gets it: Cosmos DB's own token, in characters that a URL may have. */
export const encodeCursor = (token: string | null): string | null => token && Buffer.from(token).toString('base64url');

/** The token in a caller's cursor. Errors: invalid_query for one that is none of ours. */
export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const genuine = Buffer.from(text).toString('base64url') === cursor && /^[\x20-\x7e]+$/.test(text); // it travels in a header
  if (!genuine) throw new MemoryError('invalid_query', 'cursor must be the next_cursor of an earlier answer');
  return text;
}
