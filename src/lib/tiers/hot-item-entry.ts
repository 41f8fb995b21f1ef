import { etagWith, OWN_LENGTH, ownOf } from './item-edition.ts';
import type { Edition, Item, Seen } from './tiered.ts';

/**
 * An item in Redis is one string: a head of fixed width, then the content type, then the content. Scripts change the head in place,
 * so that the largest content is never moved. The head, by its first characters (from 1, as Lua counts):
 * 1 kind (`v` copy, `a` alone, `0` gone, `-` unknown) · 2–9 generation · 10–11 writers under way · 12–26 until when they count ·
 * 27–41 version · 42–56 verified_at · 57–71 expires_at, 0 for never · 72–79 the etag's own part · 80–82 length of the content type.
 */
export const HEAD_BYTES = 82;
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

/** What an entry says; undefined when it is none, or when it was garbled. */
export function parseEntry(bytes: Buffer, now: number): Parsed | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const head = bytes.toString('latin1', 0, HEAD_BYTES);
  const kind = KINDS[head[0] as Letter];
  const number = (from: number, to: number) => Number(head.slice(from - 1, to));
  const [version, verified_at, expires] = [number(27, 41), number(42, 56), number(57, 71)];
  if (!kind || !Number.isSafeInteger(version) || !Number.isSafeInteger(verified_at)) return undefined;
  const [writers, until] = [number(10, 11), number(12, 26)];
  const etag = etagWith(version, head.slice(71, 79));
  const expires_at = expires === 0 ? null : expires;
  const content = HEAD_BYTES + number(80, 82);
  const hasItem = (kind === 'copy' || kind === 'alone') && bytes.length >= content && bytes.length > HEAD_BYTES;
  const item = hasItem
    ? { version, etag, expires_at, type: bytes.toString('utf8', HEAD_BYTES, content), data: bytes.subarray(content) }
    : undefined;
  return {
    kind,
    generation: number(2, 9),
    busy: writers > 0 && until > now,
    abandoned: writers > 0 && until <= now,
    version,
    etag,
    verified_at,
    expires_at,
    item,
  };
}
