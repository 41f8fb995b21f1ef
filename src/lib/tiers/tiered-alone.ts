import { setTimeout as pause } from 'node:timers/promises';
import { MemoryError } from '../errors.ts';
import { living, newEdition } from './item-edition.ts';
import type { ItemName } from './keys.ts';
import type { Edition, Item, Parts } from './tiered.ts';
import { isStillAlone } from './tiered-read.ts';
import type { Kept, Put } from './tiered-write.ts';

const BETWEEN_TRIES_MS = 10;

/**
 * Writes items that lie in the front tier alone. None may hide an older durable one, which would come back when Redis lets go of it:
 * so either it is known that there is none, or the item is written durably with the same life, and the answer says `stored`.
 */
export function createAloneWriter(parts: Parts, { putDurable }: { putDurable: (of: ItemName, put: Put) => Promise<Kept> }) {
  const { front, ledger, rules } = parts;
  const silent = () => new MemoryError('tier_unavailable', `the tier "${front?.name}" does not answer`, { retryAfterSeconds: 5 });

  return async function putAlone(of: ItemName, put: Put): Promise<Kept> {
    if (!front) throw new MemoryError('tier_disabled', 'there is no tier in front');
    const expires_at = put.expires_at ?? rules.now() + rules.hotMs;
    const item: Item = { ...newEdition(rules.now(), []), type: put.type, data: put.data, expires_at };
    const kept = (edition: Edition): Kept => {
      const where = { tier: front.name, durability: 'cache' as const };
      return { ...edition, ...where, bytes: item.data.length, compressed: false, expires_at };
    };
    if (!put.check) {
      const edition = await front.alone(of, item);
      if (edition === undefined) throw silent();
      if (edition !== 'look') return kept(edition);
    }
    const giveUpAt = performance.now() + rules.deadlineMs;
    for (;;) {
      const looked = await front.look([of]);
      if (!looked) throw silent();
      const [seen] = looked;
      const at = rules.now();
      const stored = await ledger?.read(of);
      const live = living(stored, at);
      if (live && ledger)
        return { ...(await putDurable(of, { ...put, expires_at, tier: ledger.name, writeThrough: true })), tier: front.name };
      put.check?.(isStillAlone(seen, stored, at) ? seen.etag : undefined);
      const edition = newEdition(at, [seen, stored?.record]);
      const done = await front.alone(of, { ...item, ...edition }, { at, generation: seen?.generation ?? 0 });
      if (done === undefined) throw silent();
      if (done !== 'look') return kept(done);
      if (performance.now() > giveUpAt) throw new MemoryError('item_busy', `others keep writing to "${of.key}"`, { retryAfterSeconds: 1 });
      await pause(Math.random() * BETWEEN_TRIES_MS);
    }
  };
}
