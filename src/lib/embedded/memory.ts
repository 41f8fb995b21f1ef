import { loadItemSettings, type Settings } from '../config/parts.ts';
import { memoryRules } from '../item-rules.ts';
import type { Demoted } from '../memory/items/look-after.ts';
import type { Connections } from '../services-tiers.ts';
import type { Log, LogLevel } from '../telemetry.ts';
import { toldMemory } from '../tiers/item-telemetry.ts';
import type { Tier } from '../tiers/tier.ts';
import { createTierStats, type Figures, type TierStats } from '../tiers/tier-stats.ts';
import { createTieredMemory } from '../tiers/tiered.ts';
import { checkedId, createOwnItems, demoteOwn, type Engine, type OwnItems } from './items.ts';
import type { OpenTier, TierContext, TierSource } from './tiers.ts';

// This file is what the package exports as `keepsake/items`, so what callers catch and name comes with it.
export { ItemNotFound, KeepsakeError, PreconditionFailed, TooLarge, Unavailable } from '../client/errors.ts';
export { ConfigError } from '../config/error.ts';
export type { Settings } from '../config/parts.ts';
export type { ItemName } from '../tiers/keys.ts';
export type { Content, Edition, Entry, Item, Tier } from '../tiers/tier.ts';
export type { ItemContent, OwnItems } from './items.ts';
export { coldTier, hotTier, type TierContext, type TierOptions, type TierSource, warmTier } from './tiers.ts';

export interface MemoryOptions {
  /** Whose items they are; the service's own are those of the tenant of an API key. Default: `default`. */
  tenant?: string;
  /** For what concerns no tier alone (ITEM_…, SESSION_TTL …); by default those of the environment. */
  settings?: Settings;
  /** Told of each operation (`item`) and of what goes wrong. Keys come hashed, values not at all. */
  log?: (level: LogLevel, event: string, fields: Record<string, unknown>) => void;
  /** Milliseconds since 1970. */
  now?: () => number;
}
export type TierFigures = Figures & { last_5_minutes: Figures; connections: Connections | undefined };

/** Items over the tiers that were given, in this process. */
export interface ItemMemory<T extends string> {
  /** The tenant's own items. */
  readonly items: OwnItems<T>;
  /** A user's items. */
  user(id: string): { readonly id: string; readonly items: OwnItems<T> };
  /** What this process saw of each tier, since its start and in the last five minutes. Asks no tier. */
  stats(): Record<T, TierFigures>;
  /** Moves items down that were not read for so long (ITEM_DEMOTE_AFTER_DAYS); at most about 20 s, `complete` says whether all were seen. */
  demote(options?: { older_than_seconds?: number }): Promise<Demoted & { complete: boolean }>;
  close(): Promise<void>;
}

interface Opened extends OpenTier {
  stats: TierStats;
  /** A tier of the application's own, which nobody else counts the calls of. */
  own: boolean;
}
function open(tier: TierSource | Tier, { now, log }: Pick<TierContext, 'now' | 'log'>): Opened {
  const stats = createTierStats();
  if (typeof tier === 'function') return { ...tier({ now, log, stats }), stats, own: false };
  return { tier, stats, own: true, close: () => {} };
}

/** Whether what is opened has a tier below the one that keeps the records, so that items can go down. */
const goesDown = (tiers: readonly OpenTier[]): boolean => {
  const keeper = tiers.findIndex(({ tier }) => tier.ledger);
  return keeper >= 0 && keeper < tiers.length - 1;
};

/**
 * One memory of items over the tiers that are given, from the fastest to the slowest, such as
 * `createMemory({ hot: hotTier(), warm: warmTier(), cold: coldTier() })`; any may be left out, and a tier of your own is one more name.
 * The rules and the stored form are those of the service, which may be used beside it. Nothing is opened before it is used.
 * Throws a ConfigError.
 */
export function createMemory<T extends string>(
  tiers: { readonly [N in T]: TierSource | Tier | undefined },
  { tenant = 'default', settings, log: tell, now = Date.now }: MemoryOptions = {},
): ItemMemory<T> {
  const config = loadItemSettings(settings);
  const log: Log = (level, event, fields = {}) => tell?.(level, event, typeof fields === 'function' ? fields() : fields);
  log.writes = () => tell !== undefined;
  const given = Object.entries<TierSource | Tier | undefined>(tiers).flatMap(([name, tier]) => (tier ? [[name, tier] as const] : []));
  if (given.length === 0) throw new Error('A memory needs at least one tier');
  const opened = new Map(given.map(([name, tier]) => [name, open(tier, { now, log })]));
  const all = [...opened.values()];
  const dues = goesDown(all) ? all.find((one) => one.dues)?.dues : undefined;
  const memory = createTieredMemory(Object.fromEntries([...opened].map(([name, { tier }]) => [name, tier])), {
    ...memoryRules(config),
    now,
    dues,
    observe: ({ tier, hits, misses, ms, failed }) => {
      const seen = opened.get(tier);
      if (hits + misses > 0) seen?.stats.looked({ hits, misses }, now());
      if (seen?.own) seen.stats.called({ ms, failed }, now());
    },
  });
  const items = toldMemory(memory, log);
  const [[home, keeper] = [memory.names[0] ?? '', undefined]] = [...opened].filter(([, { tier }]) => tier.ledger);
  const engine: Engine = { items, config, now, home, page: keeper?.page };
  const owned = { tenant: spaceOf(checkedId('tenant', tenant), { home, keeper }) };
  return {
    items: createOwnItems(engine, { ...owned, user_id: null }),
    user: (id) => ({ id, items: createOwnItems(engine, { ...owned, user_id: checkedId('user_id', id) }) }),
    stats: () => Object.fromEntries([...opened].map(([name, one]) => [name, figuresOf(one, now())])) as Record<T, TierFigures>,
    demote: (options = {}) => demoteOwn({ now, log, items, dues }, { ...owned, ...options }),
    close: async () => void (await Promise.all(all.map(({ close }) => close()))),
  };
}

/**
 * Where the records of a tenant's items are not those of the service, the items are others too (`~` is in no id): a memory that cannot
 * see a durable item must not put one in front of it.
 */
const spaceOf = (tenant: string, { home, keeper }: { home: string; keeper: OpenTier | undefined }): string =>
  keeper?.page ? tenant : `${tenant}~${home}`;

const figuresOf = ({ stats, connections }: Opened, at: number): TierFigures => ({ ...stats.figures(at), connections: connections?.() });
