import type { Config } from '../../config.ts';
import { MemoryError } from '../../errors.ts';
import { checkPrecondition, type Precondition } from '../../precondition.ts';
import type { ItemOptions } from '../../requests-items.ts';
import { JSON_TYPE } from '../../tiers/item-edition.ts';
import type { ItemName } from '../../tiers/keys.ts';
import type { Content, Kept } from '../../tiers/tier.ts';
import type { Memory } from '../../tiers/tiered.ts';
import type { Got, Head } from '../../tiers/tiered-read.ts';

/** What items need of the service, or of an application that has them in its own process. */
export interface ItemServices {
  items: Memory;
  config: Pick<Config, 'items'>;
  now: () => number;
}
/** Where an item is to live; a tier may have any name. */
export type Place = Omit<ItemOptions, 'tier'> & { tier?: string };

/** Document 1's presets: where such an item lives; how long is a setting. */
const PRESET_TIERS = { session: 'hot', profile: 'warm', history: 'warm', snapshot: 'cold' } as const;

/** An etag as it stands in headers and answers. */
export const quoted = (etag: string): string => `"${etag}"`;
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** The content that stands for a JSON value. */
export const contentOf = (value: unknown): Content => ({ type: JSON_TYPE, data: Buffer.from(JSON.stringify(value)) });

/** Where the caller wants an item to live, and until when: what is named wins over the preset. */
export function placeAsked({ config, now }: Pick<ItemServices, 'config' | 'now'>, { tier, preset, ttl_seconds, write_through }: Place) {
  const seconds = ttl_seconds ?? (preset && config.items.presetTtlSeconds[preset]);
  return {
    tier: tier ?? (preset ? PRESET_TIERS[preset] : 'warm'),
    expires_at: seconds === undefined ? null : now() + seconds * 1000,
    writeThrough: write_through ?? true,
  };
}

/** How a written item is answered. */
export const keptView = ({ key }: { key: string }, { tier, etag, bytes, compressed, expires_at, durability }: Kept) => ({
  key,
  tier,
  etag: quoted(etag),
  size_bytes: bytes,
  compressed,
  expires_at: isoOrNull(expires_at),
  durability,
});

interface Asked {
  content: Content;
  options: Place;
  precondition?: Precondition;
}

/** Puts an item. Errors: tier_disabled, tier_unavailable, precondition_failed, body_too_large, item_busy. */
export async function putItem(services: ItemServices, of: ItemName, { content, options, precondition = {} }: Asked) {
  return services.items.put(of, { ...content, ...placeAsked(services, options), check: checkOf(precondition) });
}

/** How a precondition looks at an etag; undefined when there is none, because looking may cost a call. */
function checkOf(precondition: Precondition): ((etag: string | undefined) => void) | undefined {
  const isConditional = precondition.ifMatch !== undefined || precondition.ifNoneMatch !== undefined;
  return isConditional ? (etag) => checkPrecondition(precondition, etag && quoted(etag)) : undefined;
}

/** An item from the tier that has it, or from the one that is named. Errors: item_not_found, tier_unavailable, tier_disabled, item_damaged. */
export async function getItem({ items }: ItemServices, of: ItemName, tier: string | undefined): Promise<Got> {
  checkTier(items.names, tier);
  const got = await items.get(of, tier);
  if (!got) throw notFound(of, tier);
  return got;
}

/** What is known of an item without its content. Errors as above. */
export async function headItem({ items }: ItemServices, of: ItemName, tier: string | undefined): Promise<Head> {
  checkTier(items.names, tier);
  const head = await items.head(of, tier);
  if (!head) throw notFound(of, tier);
  return head;
}

/** Deletes an item in every tier. Errors: item_not_found, tier_unavailable, precondition_failed, item_busy. */
export async function deleteItem(
  { items }: ItemServices,
  of: ItemName,
  precondition: Precondition,
): Promise<{ key: string; deleted: true }> {
  const deleted = await items.remove(of, checkOf(precondition));
  if (!deleted) throw notFound(of, undefined);
  return { key: of.key, deleted: true };
}

export function checkTier(names: readonly string[], tier: string | undefined): void {
  if (tier !== undefined && !names.includes(tier)) throw new MemoryError('tier_disabled', `the tier "${tier}" is switched off`);
}

function notFound({ key }: ItemName, tier: string | undefined): MemoryError {
  return new MemoryError('item_not_found', `there is no item "${key}"${tier === undefined ? '' : ` in the tier "${tier}"`}`);
}
