import { z } from 'zod';
import { Id, Iso, Metadata, Role, Seq } from './model.ts';

/** Where the sweep looks: written before the work that it announces, gone when that work is done. */
export const DueEntry = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('due'),
  schema_version: z.literal(1),
  due: z.enum(['idle', 'reflect', 'summarize', 'transcripts']),
  tenant: Id,
  session_id: Id,
  user_id: Id.nullable(),
  check_at: Iso,
  /** The job that does the work; an idle session has none yet. */
  job_id: z.string().optional(),
  /** The transcript that is to be processed. */
  ref: z.string().optional(),
  /** How often the sweep has looked already: it looks ever less often. */
  tries: z.number().int().optional(),
});
export type DueEntry = z.infer<typeof DueEntry>;

export const JobKind = z.enum(['reflect', 'summarize', 'transcripts', 'index']);
export type JobKind = z.infer<typeof JobKind>;
export const JobStatus = z.enum(['queued', 'running', 'done', 'failed', 'poison']);

/** One piece of slow work: who holds it, how often it was tried, what it cost, what it did. */
export const Job = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('job'),
  schema_version: z.literal(1),
  job_kind: JobKind,
  tenant: Id,
  /** Null where the work is about a user, not one session. */
  session_id: Id.nullable(),
  user_id: Id.nullable(),
  epoch: Seq,
  /** The transcript that it processes. */
  ref: z.string().optional(),
  status: JobStatus,
  attempts: z.number().int(),
  error: z.string().nullable(),
  lease: z.object({ token: z.string(), until: z.number() }).nullable(),
  /** Milliseconds since 1970 before which the model's server does not want to be asked again. */
  not_before: z.number().optional(),
  /** Asked for again while it ran: whoever finishes it sends it round once more. */
  again: z.boolean(),
  created_at: Iso,
  started_at: Iso.nullable(),
  finished_at: Iso.nullable(),
  tokens: z.object({ in: z.number(), out: z.number() }),
  cost: z.number(),
  calls: z.number().int(),
  result: z.record(z.string(), z.unknown()).nullable(),
  ttl: z.number(),
});
export type Job = z.infer<typeof Job>;

/** A stored API key: the secret's hash, never the secret. */
export const ApiKey = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('key'),
  schema_version: z.literal(1),
  hash: z.string(),
  tenant: Id,
  user_id: Id.nullable(),
  scopes: z.array(z.enum(['operator'])),
  created_at: Iso,
  revoked_at: Iso.nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** What a queue message carries: where the work is recorded, never the work itself. */
export const Doorbell = z.object({ tenant: Id, job_id: z.string().min(10).max(64), traceparent: z.string().optional() });
export type Doorbell = z.infer<typeof Doorbell>;

/** Asks whoever reaches Redis to end a session's and a user's hot copies, or what it holds of an item up to a version. */
export const StaleCopies = z.object({
  tenant: Id,
  user_id: Id.nullable(),
  session_id: Id.optional(),
  item: z.object({ key: Id, version: Seq }).optional(),
});
export type StaleCopies = z.infer<typeof StaleCopies>;

/** Names a session and whose it is, in a queue message. */
export const SessionRef = z.object({ tenant: Id, user_id: Id.nullable(), session_id: Id });
export type SessionRef = z.infer<typeof SessionRef>;

/** A store that was acknowledged while Cosmos could not take it: the request with every id that was minted for it. */
export const QueuedWrite = z.object({
  request: z.object({
    user_id: Id.optional(),
    session_id: Id,
    turn_id: Id.optional(),
    context_id: z.string().optional(),
    metadata: Metadata.optional(),
    messages: z.array(
      z.object({
        message_id: Id.optional(),
        role: Role,
        content: z.string(),
        name: z.string().optional(),
        created_at: Iso.optional(),
        timestamp: Iso.optional(),
        metadata: Metadata.optional(),
      }),
    ),
  }),
  /** Filled by a job: only while the session is there and in this epoch, and the job itself sees to its summaries. */
  epoch: Seq.optional(),
  token: z.string(),
  turnId: Id,
  messageIds: z.array(Id),
  bodyHash: z.string(),
  idempotencyKey: z.string().optional(),
});
export type QueuedWrite = z.infer<typeof QueuedWrite>;
