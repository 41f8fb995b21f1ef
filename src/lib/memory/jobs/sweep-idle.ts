import type { DueEntry } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { ownerOf } from '../../tiers/keys.ts';

import { endIdleSession } from '../sessions/sessions.ts';
import type { Verdict } from './verdict.ts';

/** Looks at a session that may have been left: it ends when nobody used it for SESSION_IDLE_END_MINUTES by the server's clock. */
export async function lookAtIdle(services: Services, { tenant, user_id, session_id }: DueEntry): Promise<Verdict> {
  const owner = ownerOf(tenant, user_id, session_id);
  const stored = await services.warm.sessions.readHead(owner, session_id);
  if (!stored || stored.value.status === 'ended') return { action: 'remove', what: 'removed' };
  const idleMs = services.config.memory.sessionIdleEndMinutes * 60_000;
  const idleAt = Date.parse(stored.value.last_active_at) + idleMs;
  if (idleAt > services.now()) return { action: 'check', at: idleAt, what: 'moved' };
  const idleSince = new Date(services.now() - idleMs).toISOString();
  const ended = await endIdleSession(services, owner, { session_id, idleSince });
  // Somebody used it between the two looks: it can be idle no sooner than this.
  return ended ? { action: 'remove', what: 'ended' } : { action: 'check', at: services.now() + idleMs, what: 'moved' };
}
