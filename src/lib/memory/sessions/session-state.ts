import { MemoryError } from '../../errors.ts';
import { checkPrecondition, type Precondition } from '../../precondition.ts';
import type { Services } from '../../services.ts';
import { degrade } from '../../telemetry.ts';
import { memoryPartition, type Owner, stateId } from '../../tiers/keys.ts';
import { whileChanging } from './changing.ts';
import { sessionNotFound } from './view.ts';

const MAX_STATE_BYTES = 65_536;
const MAX_LOST_RACES = 20;

interface Read {
  session_id: string;
  /** Does without it when Cosmos DB does not answer. */
  orDegraded?: boolean;
}

/** The caller's state of a session and its ETag; undefined when none was saved. Errors: tier_unavailable. */
export async function readState(
  { warm }: Services,
  owner: Owner,
  { session_id, orDegraded = false }: Read,
): Promise<{ value: unknown; etag: string } | undefined> {
  try {
    const stored = await warm.state.read(owner, session_id);
    return stored && { value: stored.value.value, etag: stored.etag };
  } catch (error) {
    if (!orDegraded || !(error instanceof MemoryError) || error.code !== 'tier_unavailable') throw error;
    degrade('cosmos');
    return undefined;
  }
}

/** The state of a session that is there; null when none was saved. Errors: session_not_found, tier_unavailable. */
export async function requireState(services: Services, owner: Owner, session_id: string) {
  const [head, state] = await Promise.all([services.warm.sessions.readHead(owner, session_id), readState(services, owner, { session_id })]);
  if (!head) throw sessionNotFound(session_id, owner);
  return state ?? { value: null, etag: undefined };
}

/**
 * Saves any JSON value of up to 64 KB with a session, durably (document 3's save_context). It lives as long as the session does.
 * Errors: session_not_found, body_too_large, precondition_failed, session_busy, tier_unavailable.
 */
export async function putState(
  services: Services,
  owner: Owner,
  { session_id, value, condition }: { session_id: string; value: unknown; condition: Precondition },
) {
  const size_bytes = Buffer.byteLength(JSON.stringify(value));
  if (size_bytes > MAX_STATE_BYTES) throw new MemoryError('body_too_large', `a state may have ${MAX_STATE_BYTES} bytes, saw ${size_bytes}`);
  const { sessions, state } = services.warm;
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const [head, found] = await Promise.all([sessions.readHead(owner, session_id), state.read(owner, session_id)]);
    if (!head) throw sessionNotFound(session_id, owner);
    checkPrecondition(condition, found?.etag);
    const updated_at = new Date(services.now()).toISOString();
    const at = { id: stateId(session_id), pk: memoryPartition(owner) };
    const document = { ...at, kind: 'state', schema_version: 1, session_id, value, updated_at } as const;
    const put = () => state.put(document, { head: head.value, was: found?.etag });
    const etag = head.value.has_state ? await put() : await whileChanging(services, { owner, session_id }, put);
    if (etag !== undefined) return { answer: { success: true as const, size_bytes }, etag };
  }
  throw new MemoryError('session_busy', `the state of session "${session_id}" had other writers all the time`, { retryAfterSeconds: 1 });
}
