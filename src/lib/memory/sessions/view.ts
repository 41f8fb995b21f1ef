import { MemoryError } from '../../errors.ts';
import type { Message, SessionHead, UserRecord } from '../../model.ts';
import type { Services } from '../../services.ts';
import { degrade, sessionWas } from '../../telemetry.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import { type HotMemory, type HotSession, messageText } from '../../tiers/hot.ts';
import type { Owner } from '../../tiers/keys.ts';
import { type Known, loadKnown, NOTHING_KNOWN, parseKnown } from './known.ts';
import {
  bufferStart,
  consistentCopy,
  garbledIn,
  isFresh,
  memoryIsFresh,
  type ReadMessage,
  rawCopy,
  type WholeCopy,
  wholeCopy,
} from './trust.ts';

/** A session as a reader sees it: its head, its rolling summary, the messages that it does not cover, and what is known about its user. */
export interface SessionView {
  head: SessionHead;
  rolling: string;
  messages: Message[];
  known: Known;
}
/** A session and its buffer; `raw` messages where a text could not be decoded and Cosmos DB did not answer. */
export type ReadSession = Pick<SessionView, 'head' | 'rolling'> & { messages: ReadMessage[] };
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
  const { hot, copy, known, fresh, rules } = await look(services, request);
  if (hot && copy && fresh && known && memoryIsFresh(hot.memory, hot.session, rules)) {
    sessionWas('hot');
    return { ...copy, known };
  }
  try {
    return await verifyOrRebuild(services, request, hot);
  } catch (error) {
    const left = isDown(error) ? leftToRead(request, hot) : undefined;
    if (!left) throw error;
    return { ...left, known: known ?? NOTHING_KNOWN };
  }
}

/** The same without what is known about the user. While Cosmos DB is down, texts that cannot be decoded come as they are. */
export async function readSession(services: Services, request: ViewRequest): Promise<ReadSession> {
  const { hot, copy, reached, fresh } = await look(services, request);
  if (copy && fresh) {
    sessionWas('hot');
    return copy;
  }
  try {
    const { head, user } = await currentHead(services, request);
    return { head: head.value, ...(await currentSession(services, request, { head, user, hot: hot?.session })) };
  } catch (error) {
    const left = isDown(error) ? (leftToRead(request, hot) ?? (hot && rawCopy(hot.session))) : undefined;
    if (!left || !reached || left.head.user_id !== request.owner.user_id) throw error;
    degrade('cosmos');
    sessionWas('hot');
    return left;
  }
}

/**
 * What can be answered while Cosmos DB does not: a consistent copy that has come as far as was asked for. It may lack what a writer
 * is just trying to store; the answer is marked degraded.
 */
function leftToRead({ owner, at_least_seq = 0 }: ViewRequest, hot: Hot | undefined): WholeCopy | undefined {
  const copy = hot && consistentCopy(hot.session);
  if (!copy || copy.head.user_id !== owner.user_id || copy.head.last_seq < at_least_seq) return undefined;
  degrade('cosmos');
  sessionWas('hot');
  return copy;
}

const isDown = (error: unknown): boolean => error instanceof MemoryError && error.code === 'tier_unavailable';

/** What Redis holds of a session and of its user's memory, and how far it may be believed. */
async function look(services: Services, { owner, session_id, at_least_seq = 0 }: ViewRequest) {
  const hot = await services.hot.read({ tenant: owner.tenant, session_id }, owner);
  const copy = hot && wholeCopy(hot.session);
  if (copy && copy.head.user_id !== owner.user_id) throw sessionNotFound(session_id, owner);
  const known = hot && parseKnown(hot.memory);
  if (hot) warnOfGarbled(services, session_id, { texts: copy ? 0 : garbledIn(hot.session), memory: !known && isThere(hot.memory) });
  const { verifyWithinSeconds: withinSeconds } = services.config.memory;
  const rules = { now: services.now(), withinSeconds, doubtedAt: services.hot.doubtedAt() };
  const reached = (hot?.session.head?.last_seq ?? -1) >= at_least_seq;
  const verified = hot !== undefined && isFresh(hot.session.verifiedAt, rules);
  return { hot, copy, known, reached, fresh: verified && reached && !hot.session.pending, rules };
}

/** A text that cannot be decoded is read anew from Cosmos DB and replaced; here it is told. */
function warnOfGarbled({ log }: Services, session_id: string, garbled: { texts: number; memory: boolean }): void {
  if (garbled.texts > 0 || garbled.memory) log('warn', 'hot_value_garbled', { session_id, ...garbled });
}

const isThere = (memory: HotMemory): boolean => memory.doc !== undefined && !memory.busy;

type Hot = { session: HotSession; memory: HotMemory };

async function currentHead(services: Services, { owner, session_id, at_least_seq = 0 }: ViewRequest) {
  const { head, user } = await services.warm.sessions.readHeadAndUser(owner, session_id);
  if (!head || !user) throw sessionNotFound(session_id, owner);
  if (head.value.last_seq < at_least_seq) {
    throw new MemoryError('seq_not_reached', `at_least_seq is ${at_least_seq}, the session has ${head.value.last_seq}`);
  }
  return { head, user };
}

async function verifyOrRebuild(services: Services, request: ViewRequest, hot: Hot | undefined): Promise<SessionView> {
  const { head, user } = await currentHead(services, request);
  const [current, known] = await Promise.all([
    currentSession(services, request, { head, user, hot: hot?.session }),
    currentKnown(services, request.owner, { user, hot: hot?.memory }),
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
