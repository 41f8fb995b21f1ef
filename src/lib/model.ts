import { z } from 'zod';

/** Ids of callers: 1–128 characters, and never a path segment that a URL would swallow. */
export const Id = z
  .string()
  .regex(/^[A-Za-z0-9._:@-]{1,128}$/, 'must be 1–128 characters of A-Z a-z 0-9 . _ : @ -')
  .refine((id) => id !== '.' && id !== '..', 'must not be "." or ".."');

export const Role = z.enum(['user', 'assistant', 'system', 'tool']);
export type Role = z.infer<typeof Role>;

const Iso = z.string();
const Seq = z.number().int().nonnegative();
const Metadata = z.record(z.string(), z.unknown());

/** One message as it is stored and as it lies in the hot buffer. Immutable: (session, seq) names it for ever. */
export const Message = z.object({
  seq: Seq,
  message_id: Id,
  turn_no: z.number().int().positive(),
  turn_id: Id,
  role: Role,
  content: z.string(),
  name: z.string().optional(),
  created_at: Iso,
  tokens: z.number().int(),
  metadata: Metadata.optional(),
});
export type Message = z.infer<typeof Message>;

/** The head of a session: the one document that every write to the session moves by compare-and-swap on (epoch, last_seq). */
export const SessionHead = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('session'),
  schema_version: z.literal(1),
  session_id: Id,
  user_id: Id.nullable(),
  epoch: Seq,
  /** seq and turn_no before the first message of this epoch: counts are taken from here. */
  epoch_seq: Seq,
  epoch_turn: Seq,
  last_seq: Seq,
  turn_no: Seq,
  turn_id: Id.nullable(),
  status: z.enum(['open', 'ended']),
  started_at: Iso,
  last_active_at: Iso,
  ended_at: Iso.nullable(),
  summarized_through: Seq,
  reflected_through: Seq,
  /** The newest session summary of this epoch. */
  summary_id: z.string().nullable(),
  /** turn_no when reflection was last asked for: the threshold counts from here. */
  reflect_turn: Seq,
  end_job_id: z.string().nullable(),
});
export type SessionHead = z.infer<typeof SessionHead>;

/** The messages of one store call. Append-only evidence. */
export const AppendRecord = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('append'),
  schema_version: z.literal(1),
  session_id: Id,
  epoch: Seq,
  first_seq: Seq,
  last_seq: Seq,
  stored_at: Iso,
  context_id: z.string().optional(),
  metadata: Metadata.optional(),
  messages: z.array(Message),
});
export type AppendRecord = z.infer<typeof AppendRecord>;

/** Remembers that an id was used, with which body, and where its messages lie. */
export const Marker = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('marker'),
  schema_version: z.literal(1),
  body_hash: z.string(),
  /** Names the request that wrote it: a retry after an unclear answer recognises itself. */
  token: z.string(),
  first_seq: Seq,
  ttl: z.number().optional(),
});
export type Marker = z.infer<typeof Marker>;

/** One per partition: epoch and revision that every derived commit and every cached profile is checked against. */
export const UserRecord = z.object({
  id: z.literal('user'),
  pk: z.string(),
  kind: z.literal('user'),
  schema_version: z.literal(1),
  user_id: Id.nullable(),
  user_epoch: Seq,
  memory_rev: Seq,
  profile_rev: Seq,
  erased_at: Iso.nullable(),
});
export type UserRecord = z.infer<typeof UserRecord>;

/** Text that stands for the messages from_seq…to_seq of one session. */
export const Summary = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('summary'),
  schema_version: z.literal(1),
  level: z.enum(['session', 'rolling', 'chunk']),
  session_id: Id,
  epoch: Seq,
  from_seq: Seq,
  to_seq: Seq,
  text: z.string(),
  topics: z.array(z.string()),
  model: z.string(),
  created_at: Iso,
});
export type Summary = z.infer<typeof Summary>;

const Source = z.object({ session_id: Id, message_ids: z.array(z.string()), seqs: z.array(Seq) });
export type Source = z.infer<typeof Source>;

/** One atomic statement about the user, with its sources and its validity (DESIGN: facts are closed, not erased). */
export const Fact = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('fact'),
  schema_version: z.literal(1),
  fact_id: z.string(),
  fact_kind: z.enum(['fact', 'preference', 'event']),
  text: z.string(),
  topics: z.array(z.string()),
  confidence: z.number(),
  support: z.number().int(),
  status: z.enum(['current', 'closed', 'quarantined']),
  valid_from: Iso,
  valid_to: Iso.nullable(),
  superseded_by: z.string().nullable(),
  sources: z.array(Source),
  origin: z.enum(['reflection', 'transcript', 'user']),
  model: z.string(),
  created_at: Iso,
  updated_at: Iso,
});
export type Fact = z.infer<typeof Fact>;

/** A conclusion of one session about the user. */
export const Insight = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('insight'),
  schema_version: z.literal(1),
  text: z.string(),
  session_id: Id,
  sources: z.array(Source),
  model: z.string(),
  created_at: Iso,
});
export type Insight = z.infer<typeof Insight>;

/** The long-term profile, one document a revision; the newest counts. */
export const Profile = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('profile'),
  schema_version: z.literal(1),
  rev: Seq,
  statements: z.array(z.string()),
  model: z.string(),
  created_at: Iso,
});
export type Profile = z.infer<typeof Profile>;

/** Where a session's memory lies; created before the session, so that it settles who owns it. */
export const DirectoryEntry = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('session'),
  schema_version: z.literal(1),
  tenant: Id,
  session_id: Id,
  user_id: Id.nullable(),
});
export type DirectoryEntry = z.infer<typeof DirectoryEntry>;

/** Where the sweep looks: written before the work that it announces. */
export const DueEntry = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('due'),
  schema_version: z.literal(1),
  due: z.enum(['idle', 'reflect', 'summarize']),
  tenant: Id,
  session_id: Id,
  user_id: Id.nullable(),
  check_at: Iso,
});
export type DueEntry = z.infer<typeof DueEntry>;

export const JobKind = z.enum(['reflect']);
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
  session_id: Id,
  user_id: Id.nullable(),
  epoch: Seq,
  status: JobStatus,
  attempts: z.number().int(),
  error: z.string().nullable(),
  lease: z.object({ token: z.string(), until: z.number() }).nullable(),
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

/** Asks whoever reaches Redis to end a session's and a user's hot copies. */
export const StaleCopies = z.object({ tenant: Id, user_id: Id.nullable(), session_id: Id.optional() });
export type StaleCopies = z.infer<typeof StaleCopies>;
