import { MemoryError } from '../errors.ts';
import type { Message, SessionHead, UserRecord } from '../model.ts';
import type { Services } from '../services.ts';
import { degrade, sessionWas } from '../telemetry.ts';
import type { Stored } from '../tiers/cosmos-gate.ts';
import { type HotMemory, type HotSession, messageText } from '../tiers/hot.ts';
import type { Owner } from '../tiers/keys.ts';
import { type Known, loadKnown, NOTHING_KNOWN, parseKnown } from './known.ts';
import { bufferStart, isFresh, memoryIsFresh, wholeCopy } from './trust.ts';

/** A session as a reader sees it: its head, its rolling summary, the messages that it does not cover, and what is known about its user. */
export interface SessionView {
  head: SessionHead;
  rolling: string;
  messages: Message[];
  known: Known;
}
export interface ViewRequest {
  owner: Owner;
  session_id: string;
  at_least_seq?: number;
}

export const sessionNotFound = (session: string, owner: Owner): MemoryError =>
  new MemoryError(
    'session_not_found',
    owner.user_id === null
      ? `no anonymous session "${session}" (a session of a user needs its user_id)`
      : `user "${owner.user_id}" has no session "${session}"`,
  );

/**
 * Reads a session: from Redis alone when the copies may be trusted (one round trip), else after one Cosmos request that finds them
 * unchanged, else rebuilt from Cosmos. Errors: session_not_found, seq_not_reached, tier_unavailable.
 */
export async function readView(services: Services, request: ViewRequest): Promise<SessionView> {
  const { owner, session_id } = request;
  const hot = await services.hot.read({ tenant: owner.tenant, session_id }, owner);
  const copy = hot && wholeCopy(hot.session);
  if (copy && copy.head.user_id !== owner.user_id) throw sessionNotFound(session_id, owner);

  const rules = { now: services.now(), withinSeconds: services.config.memory.verifyWithinSeconds };
  const reached = copy !== undefined && copy.head.last_seq >= (request.at_least_seq ?? 0);
  const fresh = hot !== undefined && reached && !hot.session.pending && isFresh(hot.session.verifiedAt, rules.now, rules.withinSeconds);
  if (copy && fresh && memoryIsFresh(hot.memory, hot.session, rules)) {
    sessionWas('hot');
    return { ...copy, known: parseKnown(hot.memory) ?? NOTHING_KNOWN };
  }
  try {
    return await verifyOrRebuild(services, request, hot);
  } catch (error) {
    const down = error instanceof MemoryError && error.code === 'tier_unavailable';
    if (!down || !copy || !reached) throw error;
    degrade('cosmos');
    sessionWas('hot');
    return { ...copy, known: parseKnown(hot.memory) ?? NOTHING_KNOWN };
  }
}

type Hot = { session: HotSession; memory: HotMemory };

async function verifyOrRebuild(services: Services, request: ViewRequest, hot: Hot | undefined): Promise<SessionView> {
  const { owner, session_id } = request;
  const { head, user } = await services.warm.sessions.readHeadAndUser(owner, session_id);
  if (!head || !user) throw sessionNotFound(session_id, owner);
  if (head.value.last_seq < (request.at_least_seq ?? 0)) {
    throw new MemoryError('seq_not_reached', `at_least_seq is ${request.at_least_seq}, the session has ${head.value.last_seq}`);
  }
  const [current, known] = await Promise.all([
    currentSession(services, request, { head, user, hot: hot?.session }),
    currentKnown(services, owner, { user, hot: hot?.memory }),
  ]);
  return { head: head.value, ...current, known };
}

async function currentSession(
  services: Services,
  { owner, session_id }: ViewRequest,
  { head, user, hot }: { head: Stored<SessionHead>; user: Stored<UserRecord>; hot: HotSession | undefined },
): Promise<Pick<SessionView, 'rolling' | 'messages'>> {
  const at = { tenant: owner.tenant, session_id };
  const gen = hot?.gen ?? '';
  const seen = { etag: head.etag, memoryEtag: user.etag };
  const copy = hot && hot.etag === head.etag ? wholeCopy(hot) : undefined;
  if (copy) {
    sessionWas('hot');
    void services.hot.verify(at, gen, seen); // a missed note costs one more check later
    void services.hot.touch(at);
    return copy;
  }
  sessionWas('cold');
  const range = { epoch: head.value.epoch, after: bufferStart(head.value), through: head.value.last_seq };
  const [messages, summary] = await Promise.all([
    services.warm.sessions.readMessages(owner, session_id, range),
    services.warm.memory.readRolling(owner, head.value.rolling_id),
  ]);
  const rolling = summary?.text ?? '';
  if (hot) {
    await services.hot.install(at, gen, { head: head.value, ...seen, rolling, texts: messages.map(messageText) });
    void services.hot.touch(at);
  }
  return { rolling, messages };
}

async function currentKnown(
  services: Services,
  owner: Owner,
  { user, hot }: { user: Stored<UserRecord>; hot: HotMemory | undefined },
): Promise<Known> {
  const cached = hot && hot.etag === user.etag ? parseKnown(hot) : undefined;
  if (!hot || !cached) return loadKnown(services, owner, { user, gen: hot?.gen });
  void services.hot.verifyMemory(owner, hot.gen, user.etag);
  return cached;
}
