import { z } from 'zod';
import { Id, Iso, Metadata, Seq } from './model.ts';

/** A whole raw conversation that was handed in at once. The record lies with its user, the text in Blob Storage. */
export const Transcript = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('transcript'),
  schema_version: z.literal(1),
  raw_memory_id: z.string(),
  /** The name under which it was handed in first. */
  namespace: Id,
  session_id: Id,
  user_id: Id.nullable(),
  metadata: Metadata,
  /** Of the text: UTF-8 bytes, and characters as JavaScript counts them. */
  bytes: Seq,
  length: Seq,
  blob: z.string(),
  job_id: z.string(),
  /** When it happened, which may be long before it was handed in. */
  created_at: Iso,
  queued_at: Iso,
  status: z.enum(['queued', 'processed', 'error']),
  processing_attempts: Seq,
  /** When its processing was over for good, one way or the other. */
  processed_at: Iso.nullable(),
  error: z.string().nullable(),
  lines: Seq.nullable(),
  /** Messages that it put into its session; none when the session had turns of its own. */
  messages: Seq.nullable(),
  /** When retention deleted the text. */
  expired_at: Iso.nullable(),
});
export type Transcript = z.infer<typeof Transcript>;

/** Tells which users' transcripts a namespace holds. Repairable: what counts is the transcript's own record. */
export const Member = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('member'),
  schema_version: z.literal(1),
  tenant: Id,
  namespace: Id,
  user_id: Id,
  session_id: Id,
  raw_memory_id: z.string(),
  created_at: Iso,
});
export type Member = z.infer<typeof Member>;
