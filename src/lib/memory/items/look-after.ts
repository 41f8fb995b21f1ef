import { MemoryError } from '../../errors.ts';
import type { ItemDue } from '../../model-items.ts';
import type { Log } from '../../telemetry.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import { directoryPartitions } from '../../tiers/keys.ts';
import { manyAtOnce } from '../../tiers/many.ts';
import type { Memory } from '../../tiers/tiered.ts';
import type { ItemDues } from '../../tiers/warm-items.ts';

const REQUEST_BOX_MS = 20_000;
const PAGE = 100;
const AGAIN_AFTER_FAULT_MS = 3_600_000;
const END_OF_TIME = '9999-12-31T23:59:59.999Z';

/** What looking after items needs. */
export interface Looking {
  items: Pick<Memory, 'lookAfter'> & { dues: ItemDues };
  log: Log;
  now: () => number;
}

/** What a round did: items moved to the cold tier, left where they are, found gone (and swept up after), and those it broke on. */
export interface Demoted {
  demoted: number;
  kept: number;
  gone: number;
  broken: number;
}
export const nothing = (): Demoted => ({ demoted: 0, kept: 0, gone: 0, broken: 0 });

/**
 * The timer's work for one tenant, now, and for items that were not read for `older_than_seconds`. Stops after about 20 s: `complete`
 * says whether it came to the end. Errors: tier_unavailable.
 */
export async function demoteNow(services: Looking, tenant: string, { older_than_seconds }: { older_than_seconds?: number }) {
  const did = nothing();
  const giveUpAt = performance.now() + REQUEST_BOX_MS;
  const olderThanMs = older_than_seconds === undefined ? undefined : older_than_seconds * 1000;
  for (const pk of directoryPartitions) {
    for await (const page of pages(services, { pk, until: END_OF_TIME, tenant })) {
      if (performance.now() > giveUpAt) return { ...did, complete: false };
      await lookAt(services, page, { did, olderThanMs });
    }
  }
  return { ...did, complete: true };
}

/** The entries of one partition, page by page in the order of their ids. */
export async function* pages({ items }: Looking, { pk, until, tenant }: { pk: string; until: string; tenant?: string }) {
  let after = '';
  for (;;) {
    const page = await items.dues.list(pk, { until, tenant, after, limit: PAGE });
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)?.value.id ?? '';
    if (page.length < PAGE) return;
  }
}

interface Round {
  did: Demoted;
  olderThanMs?: number;
}
/** Looks after the items of a page; an entry that was written anew meanwhile stays as it is. */
export async function lookAt(services: Looking, page: readonly Stored<ItemDue>[], { did, olderThanMs }: Round): Promise<void> {
  const { items, now, log } = services;
  await manyAtOnce(page, async (entry) => {
    try {
      const { did: what, again } = await items.lookAfter(entry.value, { olderThanMs });
      if (again === undefined) await items.dues.remove(entry);
      else await items.dues.move(entry, again);
      did[what]++;
    } catch (error) {
      if (error instanceof MemoryError && error.code === 'tier_unavailable') throw error;
      did.broken++;
      log('error', 'demote_broke', { reason: error instanceof Error ? error.name : typeof error });
      await items.dues.move(entry, now() + AGAIN_AFTER_FAULT_MS);
    }
  });
}
