import { isOver } from '../../src/lib/tiers/item-edition.ts';
import { type ItemName, itemEntry } from '../../src/lib/tiers/keys.ts';
import type { Edition, Item, Tier } from '../../src/lib/tiers/tier.ts';

/** Document 1's example of a fourth tier, "warm plus" in Azure Table Storage, with a map in the place of the table: all that such a tier has to do. */
export function createTableTier({ now, maxBytes }: { now: () => number; maxBytes: number }): Tier & { rows: Map<string, Item> } {
  const rows = new Map<string, Item>();
  const nameOf = (of: ItemName, { etag }: Edition) => `${itemEntry(of)}|${etag}`;
  const get: Tier['get'] = async (of, edition) => {
    const row = edition && rows.get(nameOf(of, edition));
    return row && !isOver(row, now()) ? row : undefined;
  };
  const set: Tier['set'] = async (of, item) => {
    rows.set(nameOf(of, item), item);
    return true;
  };
  return {
    rows,
    maxBytes,
    get,
    set,
    has: async (of, edition) => (await get(of, edition)) !== undefined,
    delete: async (of, edition) => void rows.delete(nameOf(of, edition)),
    getMany: (names) => Promise.all(names.map((of) => get(of))),
    setMany: (entries) => Promise.all(entries.map(([of, item]) => set(of, item))),
  };
}
