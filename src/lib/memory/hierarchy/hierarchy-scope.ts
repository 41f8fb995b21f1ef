import type { Caller } from '../../caller.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';

const MEMBERS = 1000; // transcripts of other users that one answer about a namespace looks at, those that happened last
const AT_ONCE = 8;

/** Part of what a namespace shows: one user's memory, or the sessions of it that came in under that name. */
export interface Part {
  owner: Owner & { user_id: string };
  sessions?: string[];
}

/**
 * What a caller may see of a namespace: the memory of the user of that name, and what other users' transcripts brought in under it. A
 * caller who is bound to a user sees that user's part alone.
 */
export async function partsOf(
  services: Services,
  caller: Caller,
  { namespace, session_id }: { namespace: string; session_id?: string },
): Promise<Part[]> {
  const { tenant, user } = caller;
  const sees = user ?? namespace;
  const concerned = { ...caller.owner(sees), user_id: sees };
  const own: Part[] = sees === namespace ? [{ owner: concerned, ...(session_id !== undefined && { sessions: [session_id] }) }] : [];
  if (user === namespace) return own;
  const wanted = { session_id, user_id: user, except: namespace, limit: MEMBERS };
  const members = await services.warm.transcripts.listMembers(tenant, namespace, wanted);
  const byUser = Map.groupBy(members, (member) => member.user_id);
  const others = [...byUser].map(([user_id, theirs]): Part => {
    return { owner: { tenant, user_id }, sessions: [...new Set(theirs.map((member) => member.session_id))] };
  });
  return [...own, ...others];
}

/** Asks for every part, a few at a time, and answers in their order. */
export async function overParts<T>(parts: Part[], ask: (part: Part) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let i = 0; i < parts.length; i += AT_ONCE) answers.push(...(await Promise.all(parts.slice(i, i + AT_ONCE).map(ask))));
  return answers;
}
