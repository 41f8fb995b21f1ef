import { isOver, living } from './item-edition.ts';
import type { ItemName } from './keys.ts';
import type { LedgerRecord, MemoryRules, Parts, Recorded } from './tier.ts';

const DAY_MS = 86_400_000;
/** A write that takes longer than this is dead, and what it left below without a record is nobody's. */
export const ORPHAN_MS = 3_600_000;

/** When an item is to be looked after next; undefined: never, it stays as it is or ends by itself. */
export function nextLook(record: LedgerRecord, { demoteAfterMs }: Pick<MemoryRules, 'demoteAfterMs'>): number | undefined {
  const end = record.expires_at ?? Number.POSITIVE_INFINITY;
  const demotion = record.content ? record.read_at + DAY_MS + demoteAfterMs : Number.POSITIVE_INFINITY; // read_at is exact to the day
  const look = record.lower ? Math.min(end, demotion) : demotion;
  return look === Number.POSITIVE_INFINITY || (look >= end && !record.lower) ? undefined : look;
}

export interface LookedAfter {
  did: 'demoted' | 'kept' | 'gone';
  /** Milliseconds since 1970. */
  again: number | undefined;
}

/** What is done for items while nobody asks for them. Each step may be the last one of a process. */
export function createAging({ rules, tiers, ledger }: Parts) {
  const lowest = [...tiers].at(-1);
  const isBelow = lowest !== undefined && lowest[0] !== ledger?.name && !lowest[1].front;

  /** Contents below that no record names, and that no writer can be about to record. */
  async function tidy(of: ItemName, record: LedgerRecord | undefined): Promise<void> {
    const before = rules.now() - ORPHAN_MS;
    for (const [name, tier] of tiers) {
      const edition = record?.lower?.tier === name ? record.lower : undefined;
      await tier.tidy?.(of, { edition, before });
    }
  }

  async function demote(of: ItemName, { record, tag }: Recorded): Promise<LookedAfter> {
    const { content: data, version, etag, type, expires_at } = record;
    if (!lowest || !ledger || !data) return { did: 'kept', again: undefined };
    const [name, tier] = lowest;
    const lower = record.lower ?? { tier: name, version, etag };
    if (!record.lower) await tier.set(of, { version, etag, type, expires_at, data });
    const demoted = { ...record, content: undefined, lower };
    const done = await ledger.write(of, demoted, tag);
    return done ? { did: 'demoted', again: nextLook(demoted, rules) } : { did: 'kept', again: rules.now() + ORPHAN_MS };
  }

  return {
    /** Looks after one item: sweeps up, and moves it to the lowest tier when it was not read for `olderThanMs`. Errors: tier_unavailable. */
    async lookAfter(of: ItemName, { olderThanMs = rules.demoteAfterMs }: { olderThanMs?: number } = {}): Promise<LookedAfter> {
      const stored = await ledger?.read(of);
      const record = living(stored, rules.now());
      await tidy(of, record);
      if (!record || !stored) return { did: 'gone', again: undefined };
      const isOld = rules.now() - record.read_at >= olderThanMs;
      if (isBelow && record.content && isOld && !isOver(record, rules.now())) return demote(of, stored);
      return { did: 'kept', again: nextLook(record, rules) };
    },
  };
}
