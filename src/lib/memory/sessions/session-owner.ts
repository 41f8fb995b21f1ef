import type { Caller } from '../../caller.ts';
import type { Services } from '../../services.ts';
import { concerns } from '../../telemetry.ts';
import { type Owner, ownerOf } from '../../tiers/keys.ts';

/**
 * Whose session a route below /sessions/{session_id} is about: the user who is named or to whom the caller is bound, else whoever the
 * session belongs to. A session that nobody has begun is anonymous. The reading itself refuses a user who does not have the session.
 * Errors: scope_mismatch, tier_unavailable.
 */
export async function sessionOwner(
  services: Services,
  caller: Caller,
  { session_id, user_id }: { session_id: string; user_id?: string },
): Promise<Owner> {
  const named = user_id ?? caller.user;
  if (named !== undefined) return caller.owner(named);
  const { tenant } = caller;
  const hot = await services.hot.readHead({ tenant, session_id });
  const entry = hot?.head ?? (await services.warm.sessions.readDirectory(tenant, session_id))?.value;
  const user = entry?.user_id ?? null;
  if (user !== null) concerns(user);
  return ownerOf(tenant, user, session_id);
}
