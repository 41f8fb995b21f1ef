import { MemoryError } from '../../errors.ts';
import type { QueuedWrite, SessionRef } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { degrade } from '../../telemetry.ts';
import { digest, type Owner, ownerOf } from '../../tiers/keys.ts';
import type { Draft } from './append.ts';

const PAGE = 100;
const SWEPT_SESSIONS = 200;

/**
 * Keeps a store for later, durably, when Cosmos DB cannot take it: a blob, the session's mark `pending` (from then on its stores queue
 * behind this one), a doorbell. The caller knows whose session it is. False when it cannot be done; then nothing is acknowledged.
 */
export async function queueWrite(services: Services, owner: Owner, draft: Draft): Promise<boolean> {
  const { hot, writes, ring, now, log } = services;
  const { session_id } = draft.request;
  if (!writes) return false;
  const of = { tenant: owner.tenant, user_id: owner.user_id, session_id };
  try {
    await writes.put(of, dated(draft, new Date(now()).toISOString()));
  } catch (error) {
    log('warn', 'write_not_queued', { session_id, reason: error instanceof Error ? error.name : 'unknown' });
    return false;
  }
  degrade('cosmos');
  await hot.pend(of, draft.token);
  await ring('writes', of);
  return true;
}

/** What was said is dated when it was acknowledged, not when it gets to Cosmos. */
function dated(draft: Draft, at: string): QueuedWrite {
  const messages = draft.request.messages.map((m) => ({
    ...m,
    created_at: m.created_at ?? m.timestamp ?? at,
  }));
  return { ...draft, request: { ...draft.request, messages } };
}

/** Stores a queued write into Cosmos, exactly once however often it is tried. */
export type StoreQueued = (services: Services, owner: Owner, draft: QueuedWrite) => Promise<void>;

/**
 * The `writes` job: a session's waiting stores go into Cosmos in their order, each deleted after its commit; then the mark goes. A
 * store that queues between the last look and the end of the mark is found by looking once more.
 */
export async function drainWrites(services: Services, of: SessionRef, store: StoreQueued): Promise<void> {
  const { writes, hot } = services;
  if (!writes) return;
  const owner = ownerOf(of.tenant, of.user_id, of.session_id);
  for (;;) {
    for (let names = await writes.list(of, PAGE); names.length > 0; names = await writes.list(of, PAGE)) {
      for (const name of names) {
        await storeAcknowledged(services, { owner, store, draft: await writes.read(name), name });
        await writes.remove(name);
      }
    }
    if ((await hot.settle(of)) === undefined && hot.enabled) throw new Error('Redis does not answer; the session stays pending');
    if ((await writes.list(of, 1)).length === 0) return;
  }
}

interface Acknowledged {
  owner: Owner;
  store: StoreQueued;
  draft: QueuedWrite;
  name: string;
}

/**
 * A waiting store was acknowledged, so it is not lost even when its ids turn out to be taken by another body: it gets ids of its own,
 * the same at every try. Only a session that was deleted meanwhile takes its waiting stores with it.
 */
async function storeAcknowledged(services: Services, { owner, store, draft, name }: Acknowledged): Promise<void> {
  const { session_id } = draft.request;
  const code = await refusal(store(services, owner, draft));
  if (code === undefined) return;
  services.log('warn', 'queued_write_refused', { session_id, code });
  if (code === 'idempotency_mismatch') await store(services, owner, renamed(draft, digest(name)));
}

/** The code with which the store refused for good; undefined when it was done. */
async function refusal(done: Promise<void>): Promise<string | undefined> {
  try {
    await done;
    return undefined;
  } catch (error) {
    const forGood = error instanceof MemoryError && error.code !== 'tier_unavailable' && error.code !== 'session_busy';
    if (!forGood) throw error;
    return error.code;
  }
}

function renamed({ idempotencyKey: _key, ...draft }: QueuedWrite, id: string): QueuedWrite {
  const messages = draft.request.messages.map(({ message_id: _id, ...message }) => message);
  const request = { ...draft.request, turn_id: undefined, messages };
  return { ...draft, request, turnId: id, messageIds: draft.messageIds.map((_, i) => `${id}.${i}`) };
}

/** Rings for every session that has waiting writes: called by the sweep, so that a lost doorbell is rung again. */
export async function ringWaitingWrites({ writes, ring, log }: Services): Promise<number> {
  if (!writes) return 0;
  try {
    const waiting = await writes.sessions(SWEPT_SESSIONS);
    for (const of of waiting) await ring('writes', of);
    return waiting.length;
  } catch (error) {
    log('warn', 'waiting_writes_unseen', { reason: error instanceof Error ? error.name : 'unknown' });
    return 0;
  }
}
