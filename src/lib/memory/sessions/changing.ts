import type { StaleCopies } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { type Owner, ownerOf } from '../../tiers/keys.ts';

/** What a change makes stale: the user's memory, and a session's copy where one is named. */
export interface Touched {
  owner: Owner;
  session_id?: string;
}

/**
 * Announces a change to the hot copies it makes stale, makes it in Cosmos, and ends the copies whether it succeeded or not: readers
 * meet the old state or the new one, never a copy that outlived it.
 */
export async function whileChanging<T>(services: Services, touched: Touched, change: () => Promise<T>): Promise<T> {
  const { hot } = services;
  const { owner, session_id } = touched;
  const token = services.mint();
  const at = session_id === undefined ? undefined : { tenant: owner.tenant, session_id };
  await Promise.all([at && hot.begin(at, token), hot.beginMemory(owner, token)]);
  try {
    return await change();
  } finally {
    await endCopies(services, touched, token);
  }
}

/** Ends the copies; when Redis cannot be reached from here, somebody who can is asked to. */
export async function endCopies(services: Services, { owner, session_id }: Touched, token = ''): Promise<void> {
  const { hot } = services;
  const at = session_id === undefined ? undefined : { tenant: owner.tenant, session_id };
  const [session, memory] = await Promise.all([at ? hot.invalidate(at, token) : 1, hot.invalidateMemory(owner, token)]);
  if (session === undefined || memory === undefined) await askToEndCopies(services, { owner, session_id });
}

/** Until somebody has, this instance does not believe what Redis held at this moment. */
export async function askToEndCopies(services: Services, { owner, session_id }: Touched): Promise<void> {
  services.hot.doubt();
  if (services.hot.enabled)
    await services.ring('invalidate', { tenant: owner.tenant, user_id: owner.user_id, session_id: session_id ?? owner.session_id });
}

/** Answers such a request; throws while Redis does not answer here either, so that the queue asks again. */
export async function endStaleCopies({ hot }: Services, { tenant, user_id, session_id }: StaleCopies): Promise<void> {
  if (!hot.enabled) return;
  const owner = ownerOf(tenant, user_id, session_id ?? '');
  const session = session_id === undefined ? 1 : await hot.invalidate({ tenant, session_id });
  const memory = await hot.invalidateMemory(owner, '');
  if (session === undefined || memory === undefined) throw new Error('Redis does not answer; the copies are not ended yet');
}
