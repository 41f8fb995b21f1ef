import type { SessionHead } from '../model.ts';
import type { Services } from '../services.ts';
import { sessionWas } from '../telemetry.ts';
import { headId, memoryPartition, type Owner } from '../tiers/keys.ts';
import { noteIdle } from './due.ts';
import { sessionNotFound } from './view.ts';

/**
 * The head of a session from Cosmos, created when the session is new. The directory entry comes first: it settles which user a
 * session id belongs to, and a crash after it leaves nothing that a second try does not complete.
 */
export async function openSession(services: Services, owner: Owner, session: string): Promise<SessionHead> {
  const { sessions } = services.warm;
  const found = await sessions.readHead(owner, session);
  if (found) return found.value;
  const head = newHead(owner, session, services.now());
  const entry = await sessions.claim(owner, session, head.started_at);
  if (entry.user_id !== owner.user_id) throw sessionNotFound(session, owner);
  await sessions.ensureUser(owner);
  await noteIdle(services, owner, session);
  if (await sessions.createHead(head)) {
    sessionWas('new');
    return head;
  }
  const winner = await sessions.readHead(owner, session);
  if (!winner) throw sessionNotFound(session, owner);
  return winner.value;
}

function newHead(owner: Owner, session: string, now: number): SessionHead {
  const at = new Date(now).toISOString();
  return {
    id: headId(session),
    pk: memoryPartition(owner),
    kind: 'session',
    schema_version: 1,
    session_id: session,
    user_id: owner.user_id,
    epoch: 0,
    epoch_seq: 0,
    epoch_turn: 0,
    last_seq: 0,
    turn_no: 0,
    turn_id: null,
    status: 'open',
    started_at: at,
    last_active_at: at,
    ended_at: null,
    summarized_through: 0,
    summarized_turn: 0,
    reflected_through: 0,
    summary_id: null,
    buffer_tokens: 0,
    summary_asked: 0,
    rolling_id: null,
    reflect_turn: 0,
    end_job_id: null,
  };
}
