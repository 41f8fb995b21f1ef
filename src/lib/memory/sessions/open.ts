import { randomInt } from 'node:crypto';
import type { SessionHead } from '../../model.ts';
import type { Services } from '../../services.ts';
import { sessionWas } from '../../telemetry.ts';
import { headId, memoryPartition, type Owner } from '../../tiers/keys.ts';
import { noteIdle } from '../jobs/due.ts';
import { sessionNotFound } from './view.ts';

const FIRST_EPOCHS = 2 ** 31;

/**
 * The head of a session from Cosmos, created when the session is new. The directory entry comes first: it settles which user a
 * session id belongs to, and a crash after it leaves nothing that a second try does not complete.
 */
export function openSession(services: Services, owner: Owner, session: string): Promise<SessionHead> {
  return openSessionOf(services, owner, { session });
}

/** The same for a conversation that began at another time (ISO) than now. */
export async function openSessionOf(
  services: Services,
  owner: Owner,
  { session, started_at }: { session: string; started_at?: string },
): Promise<SessionHead> {
  const { sessions } = services.warm;
  const found = await sessions.readHead(owner, session);
  if (found) return found.value;
  const fresh = newHead(owner, session, services.now());
  const head = { ...fresh, started_at: started_at ?? fresh.started_at };
  const entry = await sessions.claim(owner, session, fresh.started_at);
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
    epoch: randomInt(FIRST_EPOCHS), // work that a deleted session of this name left behind must not fit its successor
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
