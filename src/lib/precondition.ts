import { createHash } from 'node:crypto';
import { MemoryError } from './errors.ts';

type Headers = { get(name: string): string | null };

/** What a write asks of the record it changes: If-Match and If-None-Match as they were sent. */
export interface Precondition {
  ifMatch?: string;
  ifNoneMatch?: string;
}

export function preconditionOf({ headers }: { headers: Headers }): Precondition {
  return { ifMatch: headers.get('if-match') ?? undefined, ifNoneMatch: headers.get('if-none-match') ?? undefined };
}

/** Does the record with this ETag (undefined: there is none) meet the precondition? Errors: precondition_failed. */
export function checkPrecondition({ ifMatch, ifNoneMatch }: Precondition, etag: string | undefined): void {
  if (ifMatch !== undefined && !matches(ifMatch, etag)) {
    throw new MemoryError(
      'precondition_failed',
      `If-Match is ${ifMatch.slice(0, 100)}, the record ${etag ? `has ${etag}` : 'is not there'}`,
    );
  }
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, etag)) {
    throw new MemoryError('precondition_failed', `If-None-Match is ${ifNoneMatch.slice(0, 100)}, the record has ${etag}`);
  }
}

function matches(asked: string, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  return asked.split(',').some((one) => one.trim() === '*' || one.trim() === etag);
}

/** The ETag of a value: equal texts have equal ones. */
export const etagOf = (text: string): string => `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
