import type { Caller } from '../../caller.ts';
import type { ItemName } from '../../tiers/keys.ts';

/** Whose items a request is about: the user it names, the one its key is bound to, or the tenant itself. Errors: scope_mismatch. */
export function ownerOfItems(caller: Caller, user_id: string | undefined): Omit<ItemName, 'key'> {
  const named = user_id ?? caller.user;
  if (named === undefined) return { tenant: caller.tenant, user_id: null };
  return { tenant: caller.owner(named).tenant, user_id: named };
}

/** The name of one item. Errors: scope_mismatch. */
export const itemOf = (caller: Caller, { user_id, key }: { user_id?: string; key: string }): ItemName => ({
  ...ownerOfItems(caller, user_id),
  key,
});
