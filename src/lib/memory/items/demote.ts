import { MemoryError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import { directoryPartitions } from '../../tiers/keys.ts';
import { underLease } from '../jobs/lease.ts';
import { type Demoted, demoteNow, lookAt, nothing, pages } from './look-after.ts';

const TIMER_BOX_MS = 50_000;

/**
 * The timer's round: looks after the items whose time has come, never at all items. One instance at a time; undefined when another
 * one is at it. Stops after about 50 s, and the next round goes on in the partition where it stopped. Errors: tier_unavailable.
 */
export function demote(services: Services): Promise<Demoted | undefined> {
  return underLease(services, { timer: 'demote', boxMs: TIMER_BOX_MS }, async (held) => {
    const did = nothing();
    const until = new Date(services.now()).toISOString();
    for (let n = held.cursor.shard; n < directoryPartitions.length; n++) {
      const pk = directoryPartitions[n] ?? '';
      for await (const page of pages(services, { pk, until })) {
        if (held.timeUp()) return did;
        await lookAt(services, page, { did });
      }
      await held.moveTo(n + 1 < directoryPartitions.length ? { shard: n + 1, after: '' } : null);
    }
    return did;
  });
}

/** The same for one tenant, on demand. Errors: tier_disabled, tier_unavailable. */
export async function demoteItems(services: Services, tenant: string, asked: { older_than_seconds?: number }) {
  if (!services.items.names.includes('cold'))
    throw new MemoryError('tier_disabled', 'items are demoted to Blob Storage, and it is switched off');
  return demoteNow(services, tenant, asked);
}
