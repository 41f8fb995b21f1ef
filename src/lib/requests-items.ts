import { z } from 'zod';
import { Id } from './model.ts';

/** Ten years: what is to live longer has no end. */
const LONGEST_TTL_SECONDS = 315_360_000;
const MAX_KEYS = 100;

/** A key obeys the id rule, and is none that an object of JavaScript has a meaning of its own for. */
const ItemKey = Id.refine((key) => key !== '__proto__', 'must not be "__proto__"');
const TierName = z.enum(['hot', 'warm', 'cold']);
const Preset = z.enum(['session', 'profile', 'history', 'snapshot']);
const Ttl = z.number().int().min(1).max(LONGEST_TTL_SECONDS);
/** Any JSON value, null among them. */
const Value = z.unknown().refine((value) => value !== undefined, 'is required');
const wholeText = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);
const flagText = z.enum(['true', 'false']).transform((text) => text === 'true');

export const ItemParams = z.object({ key: ItemKey });
export const ItemQuery = z.object({ user_id: Id.optional(), tier: TierName.optional() });

/** Where an item is to live and for how long. */
export const ItemOptions = z.object({
  tier: TierName.optional(),
  ttl_seconds: Ttl.optional(),
  preset: Preset.optional(),
  write_through: z.boolean().optional(),
});
export type ItemOptions = z.infer<typeof ItemOptions>;
export const PutItemRequest = ItemOptions.extend({ value: Value });
/** The same for raw bytes, in the query. */
export const PutItemQuery = z.object({
  user_id: Id.optional(),
  tier: TierName.optional(),
  ttl_seconds: wholeText.pipe(Ttl).optional(),
  preset: Preset.optional(),
  write_through: flagText.optional(),
});

export const ItemsQuery = z.object({
  user_id: Id.optional(),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9._:@-]{0,128}$/, 'must be up to 128 characters of A-Z a-z 0-9 . _ : @ -')
    .default(''),
  limit: wholeText.pipe(z.number().min(1).max(MAX_KEYS)).default(20),
  cursor: z.string().min(1).max(8192).optional(),
});
export type ItemsQuery = z.infer<typeof ItemsQuery>;

const Keys = z.array(ItemKey).min(1).max(MAX_KEYS);
export const BatchQuery = z.object({ user_id: Id.optional() });
export const MgetRequest = z.object({ keys: Keys, tier: TierName.optional() });
export const PrefetchRequest = z.object({ keys: Keys });
export const MsetRequest = ItemOptions.extend({
  items: z
    .record(ItemKey, z.unknown())
    .refine((items) => Object.keys(items).length >= 1 && Object.keys(items).length <= MAX_KEYS, `must have 1 to ${MAX_KEYS} items`),
});
export type MsetRequest = z.infer<typeof MsetRequest>;
export const DemoteRequest = z.object({ older_than_seconds: z.number().int().min(0).max(LONGEST_TTL_SECONDS).optional() }).prefault({});
