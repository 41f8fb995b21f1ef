import { z } from 'zod';
import { Id, Iso, Seq } from './model.ts';

/** An item in Cosmos: the value itself, or where it lies; or that it was deleted. The version is what all tiers compare. */
export const ItemDocument = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('item'),
  schema_version: z.literal(1),
  key: Id,
  user_id: Id.nullable(),
  version: Seq,
  etag: z.string(),
  state: z.enum(['live', 'deleted']),
  type: z.string(),
  bytes: Seq,
  expires_at: Iso.nullable(),
  /** The tier that the caller asked for. */
  home: z.string(),
  /** How the content is held here; null: only the lower tier has it. */
  held: z.enum(['json', 'bytes']).nullable(),
  value: z.unknown().optional(),
  base64: z.string().optional(),
  lower: z.object({ tier: z.string(), version: Seq, etag: z.string() }).nullable(),
  /** The day (yyyy-mm-dd) on which it was last read or written. */
  read_day: z.string(),
  /** Reads from the lower tier. */
  reads: z.object({ count: Seq, since: Iso }).optional(),
  ttl: z.number().int().optional(),
});
export type ItemDocument = z.infer<typeof ItemDocument>;

/** What a list of a user's items says of each. */
export const ItemHead = ItemDocument.pick({
  key: true,
  etag: true,
  type: true,
  bytes: true,
  expires_at: true,
  home: true,
  held: true,
  version: true,
});
export type ItemHead = z.infer<typeof ItemHead>;

/** Where the demotion timer looks: written before the item that it is about. */
export const ItemDue = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('item_due'),
  schema_version: z.literal(1),
  tenant: Id,
  user_id: Id.nullable(),
  key: Id,
  check_at: Iso,
});
export type ItemDue = z.infer<typeof ItemDue>;

/** Remembers under which Idempotency-Key a batch was put, and how it was answered. */
export const ItemBatch = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('item_batch'),
  schema_version: z.literal(1),
  hash: z.string(),
  answer: z.record(z.string(), z.unknown()),
  made_at: Iso,
  ttl: z.number().int(),
});
export type ItemBatch = z.infer<typeof ItemBatch>;
