import { MemoryError } from '../../errors.ts';
import type { StaleCopies } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { endStaleCopies } from '../sessions/changing.ts';

/** Ends in Redis what a writer could not reach there: an item up to a version, or else hot copies. Errors: tier_unavailable. */
export async function endStale(services: Services, stale: StaleCopies): Promise<void> {
  if (!stale.item) return endStaleCopies(services, stale);
  const { tenant, user_id, item } = stale;
  const of = { tenant, user_id, key: item.key };
  const ended = await services.items.hot?.front.commit(of, { version: item.version, etag: '', unannounced: true });
  if (services.items.hot && !ended) throw new MemoryError('tier_unavailable', 'Redis does not answer', { retryAfterSeconds: 5 });
}
