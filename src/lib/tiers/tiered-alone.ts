import { setTimeout as pause } from 'node:timers/promises';
import { MemoryError } from '../errors.ts';
import { living, newEdition } from './item-edition.ts';
import type { ItemName } from './keys.ts';
import type { Edition, Item, Kept, Parts, Put } from './tier.ts';
import { isStillAlone } from './tiered-read.ts';

const BETWEEN_TRIES_MS = 10;

/**
 * Writes items that lie in the front tier alone. None may hide an older durable one, which would come back when Redis lets go of it:
 * so either it is known that there is none, or the item is written durably with the same life, and the answer says `stored`.
 */
export function createAloneWriter(
  { front, ledger, rules }: Parts,
  { putDurable }: { putDurable: (of: ItemName, put: Put) => Promise<Kept> },
) {
  if (!front) return () => Promise.reject(new MemoryError('tier_disabled', 'there is no tier in front'));
  const heard = <T>(answer: T | undefined): T => {
    if (answer !== undefined) return answer;
    throw new MemoryError('tier_unavailable', `the tier "${front.name}" does not answer`, { retryAfterSeconds: 5 });
  };

  /** Writes where the ledger says that nothing lies below, if nobody wrote here meanwhile: else `look`, or what became of it below. */
  async function lookAndWrite(of: ItemName, { item, put }: { item: Item; put: Put }): Promise<Edition | Kept | 'look'> {
    const [seen] = heard(await front?.look([of]));
    const at = rules.now();
    const stored = await ledger?.read(of);
    if (ledger && living(stored, at)) {
      const asDurable = { ...put, expires_at: item.expires_at, tier: ledger.name, writeThrough: true };
      return putDurable(of, asDurable);
    }
    put.check?.(isStillAlone(seen, stored, at) ? seen.etag : undefined);
    const edition = newEdition(at, [seen, stored?.record]);
    return heard(await front?.alone(of, { ...item, ...edition }, { at, generation: seen?.generation ?? 0 }));
  }

  return async function putAlone(of: ItemName, put: Put): Promise<Kept> {
    const expires_at = put.expires_at ?? rules.now() + rules.hotMs;
    const item: Item = { ...newEdition(rules.now(), []), type: put.type, data: put.data, expires_at };
    const cached = { durability: 'cache' as const, bytes: item.data.length, compressed: false, expires_at };
    const giveUpAt = performance.now() + rules.deadlineMs;
    let done: Edition | Kept | 'look' = put.check ? 'look' : heard(await front.alone(of, item));
    while (done === 'look') {
      done = await lookAndWrite(of, { item, put });
      if (done !== 'look') break;
      if (performance.now() > giveUpAt) throw new MemoryError('item_busy', `others keep writing to "${of.key}"`, { retryAfterSeconds: 1 });
      await pause(Math.random() * BETWEEN_TRIES_MS);
    }
    return { ...cached, ...done, tier: front.name };
  };
}
