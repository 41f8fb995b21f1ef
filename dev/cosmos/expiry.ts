import type { Freshness, StoredItem } from './store.ts';

/** True once an item's time to live is over; its own `ttl` goes before the container's default, -1 means never. */
export function isExpired({ ts, ttl }: Pick<StoredItem, 'ts' | 'ttl'>, { defaultTtl, now }: Freshness): boolean {
  if (defaultTtl === undefined) return false;
  const lifetime = ttl ?? defaultTtl;
  return lifetime > 0 && ts + lifetime <= now;
}
