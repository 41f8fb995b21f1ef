import { z } from 'zod';
import { Id } from './model.ts';
import { Time } from './requests.ts';

/** Of a store_raw body. */
export const MAX_TRANSCRIPT_BYTES = 10 * 1024 * 1024;
const MAX_METADATA_BYTES = 65_536;

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Anything a caller keeps with a transcript; `user_id` says whose it is, `timestamp` when it happened. */
const TranscriptMetadata = z
  .looseObject({ user_id: Id.optional(), timestamp: Time.optional() })
  .refine((metadata) => bytesOf(metadata) <= MAX_METADATA_BYTES, `must be at most ${MAX_METADATA_BYTES} bytes of JSON`);

export const StoreRawRequest = z.object({
  session_data: z.string().refine((text) => /\S/.test(text), 'must not be blank'),
  session_id: Id.optional(),
  metadata: TranscriptMetadata.default({}),
});
export type StoreRawRequest = z.infer<typeof StoreRawRequest>;

export const NamespaceParams = z.object({ namespace: Id });
export const NamespaceSessionParams = z.object({ namespace: Id, session_id: Id });

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** A day without a time is meant to its end. */
const EndTime = z.preprocess((text) => (typeof text === 'string' && DAY.test(text) ? `${text}T23:59:59.999Z` : text), Time);

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));

export const HierarchyQuery = z.object({
  session_id: Id.optional(),
  memory_type: z.enum(['discrete', 'summary', 'raw', 'all']).default('all'),
  start_date: Time.optional(),
  end_date: EndTime.optional(),
  limit: whole(1, 1000).default(50),
});
export type HierarchyQuery = z.infer<typeof HierarchyQuery>;

export const CleanupQuery = z.object({
  retention_days: whole(1, 365).optional(),
  dry_run: z
    .enum(['true', 'false', ''])
    .default('false')
    .transform((text) => text !== 'false'),
});
export type CleanupQuery = z.infer<typeof CleanupQuery>;
