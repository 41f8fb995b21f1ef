import { type ItemName, itemEntry } from './keys.ts';
import type { Done } from './tiered.ts';

const MOST = 10_000;

interface DebtRules {
  now: () => number;
  /** After so long nobody believes any more what the mark would have ended. */
  forMs: number;
  /** Puts the mark in; undefined when the tier does not answer. */
  pay: (of: ItemName, done: Done) => Promise<true | undefined>;
}

/**
 * Marks that Redis did not get because it did not answer: durable writes of this process of which Redis may still hold the edition
 * before. Nothing is read from there or written on top of it before the mark is in.
 */
export function createDebts({ now, forMs, pay }: DebtRules) {
  const owed = new Map<string, Done & { until: number }>();
  return {
    owe(of: ItemName, done: Done): void {
      owed.delete(itemEntry(of));
      owed.set(itemEntry(of), { ...done, until: now() + forMs });
      for (const oldest of owed.keys()) {
        if (owed.size <= MOST) break;
        owed.delete(oldest); // from here on the copy's age alone decides whether it is believed
      }
    },

    /** True when these items may be looked up in Redis. */
    async settle(names: readonly ItemName[]): Promise<boolean> {
      if (owed.size === 0) return true;
      for (const of of names) {
        const debt = owed.get(itemEntry(of));
        if (!debt) continue;
        if (debt.until > now() && !(await pay(of, debt))) return false;
        if (owed.get(itemEntry(of)) === debt) owed.delete(itemEntry(of));
      }
      return true;
    },
  };
}
export type Debts = ReturnType<typeof createDebts>;
