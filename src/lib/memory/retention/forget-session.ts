import { MemoryError } from '../../errors.ts';
import type { SessionHead } from '../../model.ts';
import type { Services } from '../../services.ts';
import type { At } from '../../tiers/hot.ts';
import type { Owner } from '../../tiers/keys.ts';
import { purgeFromIndex } from '../search/purge-index.ts';
import { whileChanging } from '../sessions/changing.ts';
import { changeHead, emptyEpoch } from '../sessions/sessions.ts';
import { sessionNotFound } from '../sessions/view.ts';
import { forgetTranscripts } from '../transcripts/transcript-forget.ts';
import { forgetDerived } from './forget-derived.ts';

const MAX_ROUNDS = 20;

/**
 * Deletes a session in every tier: transcripts, fields, waiting writes, copies, derived memory, messages, summaries, state. In an order in which it
 * may be killed anywhere and asked for again:
 *
 * 1. The head opens a new, empty epoch and the user's memory a new revision, by compare-and-swap: jobs that began before write nothing
 *    from here on, and readers find nothing.
 * 2. Redis and the writes that wait in blobs.
 * 3. What was derived, then what earlier epochs left, then the head with the state, unless somebody uses the session again by now:
 *    what was stored after 1 is a new beginning and stays.
 * 4. The directory entry last: as long as it is there, the session is found and deleting it can be gone on with.
 *
 * A session that nobody knows but that has fields is one with fields only. Errors: session_not_found, session_busy, tier_unavailable.
 */
export async function forgetSession(services: Services, owner: Owner, { session_id, bound }: { session_id: string; bound: boolean }) {
  const at = { tenant: owner.tenant, session_id };
  const transcripts = await forgetTranscripts(services, owner, session_id); // first: a job that comes later must find none
  const entry = await services.warm.sessions.readDirectory(owner.tenant, session_id);
  if (entry && entry.value.user_id !== owner.user_id) throw sessionNotFound(session_id, owner);
  if (!entry) return transcripts > 0 ? { success: true as const } : forgetFieldsOnly(services, owner, { ...at, bound });
  const gone = await forgetRecord(services, owner, at);
  if (gone) {
    await services.warm.forget.removeIdleNote(owner.tenant, session_id);
    await services.warm.directory.remove(entry);
  }
  return { success: true as const };
}

/** Whether the session is gone; false when it is in use again. */
async function forgetRecord(services: Services, owner: Owner, at: At): Promise<boolean> {
  const { session_id } = at;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const epoch = await newEpoch(services, owner, { session_id, empty: round === 0 });
    const reached = await forgetOutsideCosmos(services, owner, at);
    await forgetDerived(services, owner, session_id);
    await removeEarlier(services, owner, { session_id, epoch });
    await purgeFromIndex(services, owner, { session_id, epoch });
    await removeEarlier(services, owner, { session_id, epoch }); // vectors that were computed meanwhile; from here on none is written
    if (!reached)
      throw new MemoryError('tier_unavailable', 'Redis did not answer: fields may be left, ask again', { retryAfterSeconds: 5 });
    const end = await forgetHead(services, owner, { session_id, epoch });
    if (end !== 'started over') return end === 'gone';
  }
  throw new MemoryError('session_busy', `session "${session_id}" was used all the time`, { retryAfterSeconds: 1 });
}

async function removeEarlier({ warm }: Services, owner: Owner, of: { session_id: string; epoch: number | undefined }): Promise<void> {
  while (of.epoch !== undefined && (await warm.retention.removeEarlier(owner, of.session_id, of.epoch)));
}

type End = 'gone' | 'in use' | 'started over';

async function forgetHead(services: Services, owner: Owner, of: { session_id: string; epoch: number | undefined }): Promise<End> {
  const { sessions, forget } = services.warm;
  for (let lost = 0; lost < MAX_ROUNDS; lost++) {
    const head = (await sessions.readHead(owner, of.session_id))?.value;
    if (!head) return 'gone';
    if (head.epoch !== of.epoch) return 'started over'; // what is left lies under another epoch now
    if (head.has_state && !(await forget.removeState(head))) continue;
    if (head.last_seq > head.epoch_seq) return 'in use';
    if (await whileChanging(services, { owner, session_id: of.session_id }, () => forget.removeHead(head))) return 'gone';
  }
  throw new MemoryError('session_busy', `session "${of.session_id}" was used all the time`, { retryAfterSeconds: 1 });
}

/** The epoch before which everything goes: a new one in which nothing has been said, or a later one that others began meanwhile. */
async function newEpoch(
  services: Services,
  owner: Owner,
  { session_id, empty }: { session_id: string; empty: boolean },
): Promise<number | undefined> {
  if (!(await services.warm.sessions.readHead(owner, session_id))) return undefined;
  const head = await changeHead(services, { owner, session_id }, async ({ value }) =>
    empty ? { ...emptyEpoch(value), ...nothingLeft(value) } : { expired_epoch: value.epoch },
  );
  return head.epoch;
}

/** Nothing to reflect on, nothing of the caller's; `expired_epoch` lets the deletion of earlier epochs begin. */
const nothingLeft = ({ epoch, last_seq, turn_no }: SessionHead): Partial<SessionHead> => ({
  expired_epoch: epoch + 1,
  reflected_through: last_seq,
  reflect_turn: turn_no,
  config: undefined,
  has_cleared: undefined,
});

/** False when Redis was needed and did not answer. */
async function forgetOutsideCosmos({ fields, hot, writes }: Services, { user_id }: Owner, at: At): Promise<boolean> {
  const cleared = fields.enabled ? await fields.all.clear({ ...at, who: '' }) : { count: 0 };
  await hot.untouch(at);
  if (writes) {
    const of = { ...at, user_id };
    for (let names = await writes.list(of, 100); names.length > 0; names = await writes.list(of, 100)) {
      for (const name of names) await writes.remove(name);
    }
  }
  return cleared !== undefined;
}

/** A bound caller reaches only fields that were begun under its user, as on the routes of fields. */
async function forgetFieldsOnly({ fields }: Services, owner: Owner, { bound, ...at }: At & { bound: boolean }) {
  const who = owner.user_id === null ? '' : `${bound ? 'must' : 'may'}|${owner.user_id}`;
  const cleared = fields.enabled ? await fields.all.clear({ ...at, who }) : undefined;
  if (fields.enabled && cleared === undefined)
    throw new MemoryError('tier_unavailable', 'Redis did not answer: fields may be left, ask again', { retryAfterSeconds: 5 });
  if (!cleared || cleared.refused || cleared.count === 0) throw sessionNotFound(at.session_id, owner);
  return { success: true as const };
}
