import type { Config } from './config.ts';
import { degrade } from './telemetry.ts';
import type { HotItemRules } from './tiers/hot-items.ts';
import type { MemoryRules } from './tiers/tier.ts';

/** Above this a value is cold by nature, whatever tier was asked for (CONTRACT "Items"). */
export const INLINE_BYTES = 1_500_000;

type Told = Pick<Config, 'items' | 'memory'> & { http: Pick<Config['http'], 'requestDeadlineMs'> };

/** What the settings say of items in Redis. */
export function hotItemRules({ items, memory, http }: Told): Omit<HotItemRules, 'now' | 'reads'> {
  return {
    maxBytes: INLINE_BYTES,
    verifyMs: memory.verifyWithinSeconds * 1000,
    missMs: items.missSeconds * 1000,
    writerMs: 2 * http.requestDeadlineMs,
    copyMs: items.copySeconds * 1000,
  };
}

/** The names under which an answer says that it was given without a tier. */
const TIER_NAMES: Record<string, string> = { hot: 'redis', warm: 'cosmos', cold: 'blob' };

/** What the settings say of the memory over all tiers. */
export function memoryRules({ items, http }: Told): Omit<MemoryRules, 'now' | 'dues' | 'observe' | 'unseen'> {
  return {
    hotMs: items.copySeconds * 1000,
    promoteReads: items.promoteReads,
    promoteWithinMs: items.promoteHours * 3_600_000,
    demoteAfterMs: items.demoteAfterDays * 86_400_000,
    deadlineMs: http.requestDeadlineMs,
    degraded: (tier) => degrade(TIER_NAMES[tier] ?? tier),
  };
}
