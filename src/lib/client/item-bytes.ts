import type { ItemAnswer } from '../model-answers-items.ts';

export type ItemFound<T = unknown> = ItemAnswer<T> & { content_type: string };

/** An item of bytes: what a JSON item's answer says of it is in the headers. */
export function bytesAnswer<T>(key: string, bytes: Uint8Array, headers: Headers): ItemFound<T> {
  const listed = (name: string) => headers.get(name)?.split(',').filter(Boolean) ?? [];
  const degraded = listed('x-degraded');
  return {
    key,
    value: bytes as T,
    content_type: headers.get('content-type') ?? '',
    tier: headers.get('x-item-tier') ?? '',
    promoted_to: listed('x-item-promoted-to'),
    etag: headers.get('etag') ?? '',
    expires_at: headers.get('x-item-expires-at'),
    ...(degraded.length > 0 && { degraded }),
  };
}
