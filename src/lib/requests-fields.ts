import { z } from 'zod';
import { Id } from './model.ts';

const LONGEST_TTL_SECONDS = 31_536_000;

/** A field's name obeys the id rule, and is none that an object of JavaScript has a meaning of its own for. */
const FieldName = Id.refine((name) => name !== '__proto__', 'must not be "__proto__"');
const Ttl = z.number().int().min(1).max(LONGEST_TTL_SECONDS);
/** Any JSON value, null among them; its bytes are counted where it is stored. */
const Value = z.unknown().refine((value) => value !== undefined, 'is required');
const Index = z.number().int().min(-2_147_483_648).max(2_147_483_647);
const MaxLength = z.number().int().min(1).max(1_000_000).optional();
const wholeText = z
  .string()
  .regex(/^-?\d{1,9}$/, 'must be a whole number')
  .transform(Number);

export const SessionParams = z.object({ session_id: Id });
export const FieldParams = z.object({ session_id: Id, name: FieldName });
/** `?user_id=` as a check, which every route of a session takes. */
export const UserCheck = z.object({ user_id: Id.optional() });

export const FieldQuery = UserCheck.extend({ default: z.string().optional(), start: wholeText.optional(), stop: wholeText.optional() });
export type FieldQuery = z.infer<typeof FieldQuery>;

export const UpdateFieldsRequest = z.object({ fields: z.record(FieldName, z.unknown()), ttl_seconds: Ttl.optional() });
export type UpdateFieldsRequest = z.infer<typeof UpdateFieldsRequest>;
export const PutFieldRequest = z.object({ value: Value, ttl_seconds: Ttl.optional() });
export type PutFieldRequest = z.infer<typeof PutFieldRequest>;
export const TtlRequest = z.object({ ttl_seconds: Ttl });

export const AppendRequest = z.object({ value: Value, max_length: MaxLength });
export type AppendRequest = z.infer<typeof AppendRequest>;
export const ExtendRequest = z.object({ values: z.array(z.unknown()), max_length: MaxLength });
export type ExtendRequest = z.infer<typeof ExtendRequest>;
export const InsertRequest = z.object({ index: Index, value: Value });
export type InsertRequest = z.infer<typeof InsertRequest>;
export const RemoveRequest = z.object({ value: Value });
export type RemoveRequest = z.infer<typeof RemoveRequest>;
/** These two have a default for everything, so their body may be left out. */
export const PopRequest = z.object({ index: Index.default(-1) }).prefault({});
export type PopRequest = z.infer<typeof PopRequest>;
export const IncrementRequest = z.object({ by: z.number().default(1) }).prefault({});
export type IncrementRequest = z.infer<typeof IncrementRequest>;

const MAX_PAGE = 100;
export const FieldStatsQuery = z.object({
  limit: wholeText.pipe(z.number().min(1).max(MAX_PAGE)).default(20),
  cursor: z.string().min(1).max(512).optional(),
});
export type FieldStatsQuery = z.infer<typeof FieldStatsQuery>;
export const CleanupRequest = z.object({ max_age_seconds: z.number().int().min(0).max(LONGEST_TTL_SECONDS).default(86_400) }).prefault({});
export type CleanupRequest = z.infer<typeof CleanupRequest>;
