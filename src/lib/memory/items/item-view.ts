import { JSON_TYPE } from '../../tiers/item-edition.ts';
import type { Got, Head } from '../../tiers/tiered-read.ts';
import { isoOrNull, quoted } from './items.ts';

/** What the headers of an answer say of an item; all that is said of bytes. */
export function headersOf({ etag, type, tier, expires_at }: Omit<Head, 'bytes'>): Record<string, string> {
  const expires = isoOrNull(expires_at);
  return {
    'content-type': type === JSON_TYPE ? 'application/json; charset=utf-8' : type,
    etag: quoted(etag),
    'x-item-tier': tier,
    ...(expires && { 'x-item-expires-at': expires }),
  };
}

/** Bytes are the caller's: no browser may take them for a page of ours. */
const HARMLESS = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox" };

/** How a found item is answered: a JSON value among what is known of it, bytes as they were stored. */
export function itemReply(key: string, { item, tier, promoted_to }: Got) {
  const headers = headersOf({ ...item, tier });
  if (item.type !== JSON_TYPE) {
    return { body: item.data, headers: { ...headers, ...HARMLESS, 'x-item-promoted-to': promoted_to.join(',') } };
  }
  const { etag, expires_at } = item;
  const body = { key, tier, promoted_to, etag: quoted(etag), expires_at: isoOrNull(expires_at) };
  return { body, headers, written: { value: item.data } };
}
