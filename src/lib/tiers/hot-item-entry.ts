import { etagWith, OWN_LENGTH, ownOf } from './item-edition.ts';
import type { Edition, Item, Seen } from './tier.ts';

/**
 * An item in Redis is one string: a head of fixed width, then the content type, then the content. Scripts change the head in place,
 * so that the largest content is never moved. The head, by its first characters (from 1, as Lua counts):
 * 1 kind (`v` copy, `a` alone, `0` gone, `-` unknown) · 2–9 generation · 10–11 writers under way · 12–26 until when they count ·
 * 27–41 version · 42–56 verified_at · 57–71 expires_at, 0 for never · 72–79 the etag's own part · 80–82 length of the content type.
 */
export const HEAD_BYTES = 82;
const ZERO = 48; // the digit's code
export const KINDS = { v: 'copy', a: 'alone', '0': 'gone', '-': 'unknown' } as const;
type Letter = keyof typeof KINDS;

export const fifteen = (n: number): string => String(n).padStart(15, '0');

export interface Written extends Edition {
  letter: Letter;
  verified_at: number;
  item?: Item;
}

/** The string of an entry without writers. Scripts put in generation and writers. */
export function entryOf({ letter, version, etag, verified_at, item }: Written): Buffer {
  const type = Buffer.from(item?.type ?? '');
  const expires = fifteen(item?.expires_at ?? 0);
  const own = etag === '' ? '-'.repeat(OWN_LENGTH) : ownOf(etag);
  const counts = `${'0'.repeat(8)}${'0'.repeat(2)}${fifteen(0)}`;
  const head = `${letter}${counts}${fifteen(version)}${fifteen(verified_at)}${expires}${own}${String(type.length).padStart(3, '0')}`;
  return Buffer.concat([Buffer.from(head, 'latin1'), type, item?.data ?? Buffer.alloc(0)]);
}

export interface Parsed extends Omit<Seen, 'trusted'> {
  /** A writer is under way. */
  busy: boolean;
  /** A writer began and never came back. */
  abandoned: boolean;
}

/** The number that stands from one place to another, counted as Lua does; NaN where something else than digits does. */
function numberAt(bytes: Buffer, from: number, to: number): number {
  let number = 0;
  for (let i = from - 1; i < to; i++) {
    const digit = (bytes[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** What an entry says; undefined when it is none, or when it was garbled. */
export function parseEntry(bytes: Buffer, now: number): Parsed | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const kind = KINDS[String.fromCharCode(bytes[0] ?? 0) as Letter];
  const [version, verified_at, expires] = [numberAt(bytes, 27, 41), numberAt(bytes, 42, 56), numberAt(bytes, 57, 71)];
  if (!kind || Number.isNaN(version + verified_at + expires)) return undefined;
  const [writers, until] = [numberAt(bytes, 10, 11), numberAt(bytes, 12, 26)];
  const etag = etagWith(version, bytes.toString('latin1', 71, 79));
  const expires_at = expires === 0 ? null : expires;
  const content = HEAD_BYTES + numberAt(bytes, 80, 82);
  const hasItem = (kind === 'copy' || kind === 'alone') && bytes.length >= content && bytes.length > HEAD_BYTES;
  const item = hasItem
    ? { version, etag, expires_at, type: bytes.toString('utf8', HEAD_BYTES, content), data: bytes.subarray(content) }
    : undefined;
  return {
    kind,
    generation: numberAt(bytes, 2, 9),
    busy: writers > 0 && until > now,
    abandoned: writers > 0 && until <= now,
    version,
    etag,
    verified_at,
    expires_at,
    item,
  };
}
