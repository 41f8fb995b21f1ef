import type { SessionHead } from '../../model.ts';
import type { Services } from '../../services.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import type { Owner } from '../../tiers/keys.ts';
import { purgeFromIndex } from '../search/purge-index.ts';
import { whileChanging } from '../sessions/changing.ts';
import { emptyEpoch } from '../sessions/sessions.ts';
import { archiveSession } from './archive.ts';

/**
 * Deletes a session, unless somebody uses it meanwhile; false then. In an order in which it may be killed anywhere:
 *
 * 1. The archive, where one is wanted, from a head that nobody may have moved since, or 2 does not happen.
 * 2. The head opens a new, empty epoch, by compare-and-swap. This is the moment in which the session expires: before it, whoever
 *    reopens the session keeps all of it; after it, they begin at nothing, as after a start with `restore: false`.
 * 3. What earlier epochs left. Nobody writes there any more, and a session reopened in between lies in the new epoch, out of reach.
 * 4. The head, if nobody touched it since 2. The directory entry goes last, in the caller: as long as it is there, a killed run is
 *    gone on with. Deleting the head first would let a new session take its name while old messages still lie under it.
 *
 * Facts and insights stay; their sources then name messages that only the archive has.
 */
export async function expireSession(services: Services, owner: Owner, head: Stored<SessionHead>): Promise<boolean> {
  const { sessions, retention } = services.warm;
  const { session_id } = head.value;
  const touched = { owner, session_id };
  if (!isExpired(head.value)) {
    if (services.config.processing.archiveSessions) await archiveSession(services, owner, head.value);
    const change = { ...emptyEpoch(head.value), expired_epoch: head.value.epoch + 1 };
    const moved = await whileChanging(services, touched, () => sessions.moveHead(owner, head, change));
    if (!moved) return false;
  }
  const epoch = isExpired(head.value) ? head.value.epoch : head.value.epoch + 1;
  while (await retention.removeEarlier(owner, session_id, epoch));
  await purgeFromIndex(services, owner, { session_id, epoch });
  while (await retention.removeEarlier(owner, session_id, epoch)); // vectors that were computed meanwhile; from here on none is written
  const expired = await sessions.readHead(owner, session_id);
  if (!expired || !isExpired(expired.value)) return false;
  return whileChanging(services, touched, () => retention.removeHead(expired));
}

/** Has 2 happened, and nobody used the session since? */
const isExpired = (head: SessionHead): boolean =>
  head.status === 'ended' && head.expired_epoch === head.epoch && head.last_seq === head.epoch_seq;
