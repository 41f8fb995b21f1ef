import type { ItemName } from './keys.ts';
import type { Item, LedgerRecord, Parts, Recorded } from './tier.ts';

/**
 * Puts what was read from a lower tier into the ledger's own, after so many reads; counts the reads till then. The content below
 * stays, so that going down again is cheap. Answers whether it lies there now; a tier that fails only keeps things as they are.
 */
export async function promoteIntoLedger(parts: Parts, of: ItemName, { item, stored }: { item: Item; stored: Recorded }): Promise<boolean> {
  const { ledger, rules } = parts;
  if (!ledger || item.data.length > ledger.inlineBytes) return false;
  const { record, tag } = stored;
  const reads = counted(record, rules);
  try {
    if (reads.count < rules.promoteReads) {
      await ledger.note(of, record, { read_at: rules.now(), reads });
      return false;
    }
    await rules.dues?.announce(of, rules.now() + rules.demoteAfterMs);
    return await ledger.write(of, { ...record, content: item.data, read_at: rules.now(), reads: undefined }, tag);
  } catch {
    return false; // the reader has what it came for
  }
}

function counted({ reads }: LedgerRecord, { now, promoteWithinMs }: Parts['rules']) {
  const isCurrent = reads && now() - reads.since < promoteWithinMs;
  return isCurrent ? { count: reads.count + 1, since: reads.since } : { count: 1, since: now() };
}
