import type { MemoryRules, Parts, Tier, Tiers } from './tier.ts';
import { createAging } from './tiered-age.ts';
import { createManyReader } from './tiered-many.ts';
import { createReader } from './tiered-read.ts';
import { watched } from './tiered-watch.ts';
import { createWriter } from './tiered-write.ts';

/**
 * One memory of items over the tiers that are given, such as `createTieredMemory({ hot, warm, cold }, rules)`. A further tier is one more
 * name. Nothing is opened here.
 */
export function createTieredMemory(tiers: Tiers, rules: MemoryRules) {
  const reading = partsOf(tiers, rules, { looks: true });
  const reader = createReader(reading);
  const writing = partsOf(tiers, rules, { looks: false });
  return {
    names: [...reading.tiers.keys()],
    ...reader,
    ...createManyReader(reading, reader),
    ...createWriter(writing),
    ...createAging(writing),
  };
}
export type Memory = ReturnType<typeof createTieredMemory>;

/** The tiers by what they can do. Who writes asks them too, but does not look for an item: that is no hit and no miss. */
function partsOf(tiers: Tiers, rules: MemoryRules, { looks }: { looks: boolean }): Parts {
  const there = Object.entries(tiers).flatMap(([name, tier]) => (tier ? [[name, watchedTier(tier, { name, rules, looks })] as const] : []));
  const front = there.flatMap(([name, tier]) => (tier.front ? [{ ...tier.front, name, maxBytes: tier.maxBytes }] : []))[0];
  const ledger = there.flatMap(([name, tier]) => (tier.ledger ? [{ ...tier.ledger, name }] : []))[0];
  const isBelow = there.some(([name]) => name !== front?.name);
  if (isBelow && !ledger) throw new Error('A memory with tiers below the front one needs one that keeps records');
  return { rules, tiers: new Map(there), front, ledger };
}

/** Every operation of a tier passes here, so that it can be measured. */
function watchedTier(tier: Tier, { name, rules: { observe }, looks }: { name: string; rules: MemoryRules; looks: boolean }): Tier {
  if (!observe) return tier;
  const { front, ledger } = tier;
  const watch = <T extends object>(part: T) => watched(part, { tier: name, observe, looks });
  return {
    ...watch(tier),
    ...(front && { front: watch(front) }),
    ...(ledger && { ledger: watch(ledger) }),
  };
}
