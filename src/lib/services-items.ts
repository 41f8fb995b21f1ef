import type { Config } from './config.ts';
import type { BlobConnection, Ring } from './connect/storage.ts';
import { hotItemRules, INLINE_BYTES, memoryRules } from './item-rules.ts';
import type { Log } from './telemetry.ts';
import { createColdItems } from './tiers/cold-items.ts';
import type { CosmosGate } from './tiers/cosmos-gate.ts';
import { createHotItems, type HotItems } from './tiers/hot-items.ts';
import { toldMemory } from './tiers/item-telemetry.ts';
import type { RedisGate } from './tiers/redis-gate.ts';
import { createTieredMemory, type Memory } from './tiers/tiered.ts';
import type { Observe } from './tiers/tiered-watch.ts';
import { createItemDues, createWarmItems, type ItemDues, type WarmItems } from './tiers/warm-items.ts';

/** One memory over the tiers, and beside it the tiers' own parts for what concerns only one of them. */
export type Items = Memory & { hot: HotItems | undefined; warm: WarmItems; dues: ItemDues };

interface ItemStores {
  now: () => number;
  redis: RedisGate;
  /** Where items are read from, if not there. */
  reads?: RedisGate;
  cosmos: CosmosGate;
  blobs: BlobConnection | undefined;
  ring: Ring;
  observe?: Observe;
  log?: Log;
}
/** The memory of items over the tiers that are configured. */
export function createItems(config: Config, { now, redis, reads, cosmos, blobs, ring, observe, log }: ItemStores): Items {
  const { items } = config;
  const dues = createItemDues(cosmos);
  const hot = redis.enabled ? createHotItems(redis, { now, reads, ...hotItemRules(config) }) : undefined;
  const warm = createWarmItems(cosmos, { now, maxBytes: INLINE_BYTES });
  const cold = blobs && createColdItems(blobs, { now, maxBytes: items.maxBytes });
  const memory = createTieredMemory(
    { hot, warm, cold },
    {
      ...memoryRules(config),
      now,
      dues: cold && dues,
      observe,
      unseen: ({ tenant, user_id, key }, { version }) => void ring('invalidate', { tenant, user_id, item: { key, version } }),
    },
  );
  return { ...(log ? toldMemory(memory, log) : memory), hot, warm, dues };
}
