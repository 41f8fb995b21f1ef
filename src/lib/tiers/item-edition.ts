import { randomBytes } from 'node:crypto';
import type { Edition, LedgerRecord, Recorded } from './tier.ts';

export const JSON_TYPE = 'application/json';
export const OWN_LENGTH = 8;
/** How long a deleted item is remembered, so that nobody puts back what was read before. */
export const TOMB_MS = 86_400_000;

/** The etag of an edition: its version, and what tells it from any other one of the same millisecond. */
export const etagWith = (version: number, own: string): string => `${version.toString(36)}-${own}`;
export const ownOf = (etag: string): string => etag.slice(-OWN_LENGTH);

/** A new edition at `now` (ms), above the versions that are known. */
export function newEdition(now: number, known: readonly (Edition | undefined)[]): Edition {
  const version = Math.max(now, ...known.map((edition) => (edition ? edition.version + 1 : 0)));
  return { version, etag: etagWith(version, randomBytes(6).toString('base64url')) };
}

/** The life that was left is over. */
export const isOver = ({ expires_at }: { expires_at: number | null }, now: number): boolean => expires_at !== null && expires_at <= now;

/** The record of an item that is there at `now`; undefined for what is deleted, expired or unknown. */
export const living = (stored: Recorded | undefined, now: number): LedgerRecord | undefined =>
  stored?.record.live && !isOver(stored.record, now) ? stored.record : undefined;
