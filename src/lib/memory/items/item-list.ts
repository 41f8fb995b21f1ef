import type { Caller } from '../../caller.ts';
import { MemoryError } from '../../errors.ts';
import type { ItemsQuery } from '../../requests-items.ts';
import type { Services } from '../../services.ts';
import { ownerOfItems } from './item-owner.ts';
import { quoted } from './items.ts';

/** A user's durable items by key, in pages, without their values. Errors: invalid_query, scope_mismatch, tier_unavailable. */
export async function listItems({ items }: Services, caller: Caller, { user_id, prefix, limit, cursor }: ItemsQuery) {
  const of = ownerOfItems(caller, user_id);
  if (of.user_id === null) throw new MemoryError('invalid_query', 'user_id is needed: only the items of one user can be listed');
  const found = await items.warm.page({ tenant: of.tenant, user_id: of.user_id }, { prefix, limit, cursor });
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
