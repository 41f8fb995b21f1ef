import { MemoryError } from '../../errors.ts';
import type { ItemsQuery } from '../../requests-items.ts';
import type { ItemName } from '../../tiers/keys.ts';
import type { WarmItems } from '../../tiers/warm-items.ts';
import { quoted } from './items.ts';

/** A user's durable items by key, in pages, without their values. Errors: invalid_query, tier_unavailable. */
export async function listItems(
  { page }: Pick<WarmItems, 'page'>,
  { tenant, user_id }: Omit<ItemName, 'key'>,
  { prefix, limit, cursor }: Omit<ItemsQuery, 'user_id'>,
) {
  if (user_id === null) throw new MemoryError('invalid_query', 'user_id is needed: only the items of one user can be listed');
  const found = await page({ tenant, user_id }, { prefix, limit, cursor });
  return {
    items: found.rows.map(({ key, etag, type, bytes, expires_at, held, version }) => ({
      key,
      tier: held === null ? 'cold' : 'warm',
      etag: quoted(etag),
      content_type: type,
      size_bytes: bytes,
      expires_at,
      written_at: new Date(version).toISOString(),
    })),
    count: found.rows.length,
    next_cursor: found.cursor,
  };
}
