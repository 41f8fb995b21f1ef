import { z } from 'zod';

/** Ids of callers: 1–128 characters, and never a path segment that a URL would swallow. */
export const Id = z
  .string()
  .regex(/^[A-Za-z0-9._:@-]{1,128}$/, 'must be 1–128 characters of A-Z a-z 0-9 . _ : @ -')
  .refine((id) => id !== '.' && id !== '..', 'must not be "." or ".."');

export const Role = z.enum(['user', 'assistant', 'system', 'tool']);
export type Role = z.infer<typeof Role>;

export const Iso = z.string();
export const Seq = z.number().int().nonnegative();
export const Metadata = z.record(z.string(), z.unknown());

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

/** What a session has of its own instead of the settings. */
const Limit = z.number().int().positive().optional();
export const SessionConfig = z.object({
  summary_trigger_tokens: Limit,
  max_buffer_tokens: Limit,
  max_buffer_messages: Limit,
  k_turn_buffer: Limit,
  l_turn_chunks: Limit,
  reflection_threshold_turns: Limit,
});
export type SessionConfig = z.infer<typeof SessionConfig>;

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
  /** Messages up to this seq are covered by the rolling summary, and the turn that the last of them closes. */
  summarized_through: Seq,
  summarized_turn: Seq,
  reflected_through: Seq,
  /** Estimated tokens of the messages that no summary covers. */
  buffer_tokens: Seq,
  /** last_seq when a summary was last asked for: it is asked for once. */
  summary_asked: Seq,
  /** The newest rolling summary of this epoch. */
  rolling_id: z.string().nullable(),
  /** The newest session summary of this epoch. */
  summary_id: z.string().nullable(),
  /** turn_no when reflection was last asked for: the threshold counts from here. */
  reflect_turn: Seq,
  end_job_id: z.string().nullable(),
  config: SessionConfig.optional(),
  /** There is a document with the caller's own state. */
  has_state: z.boolean().optional(),
  /** Parts of the buffer were cleared: documents say which. */
  has_cleared: z.boolean().optional(),
  /** The transcript whose messages fill this epoch. */
  transcript: z.object({ raw_memory_id: z.string(), epoch: Seq }).optional(),
  /** The empty epoch that retention opened: what lies before it is being deleted. */
  expired_epoch: Seq.optional(),
  /** How often the rolling summary was rewritten in its place, because what it said was forgotten. */
  rewritten: Seq.optional(),
});
export type SessionHead = z.infer<typeof SessionHead>;

/** Messages of one store: with the markers of every one, one Cosmos batch of 100 operations. */
export const MAX_MESSAGES_A_RECORD = 90;

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
  /** What was written where that is no append record. */
  ref: z.string().optional(),
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
  sessions_ended: Seq,
  /** How often messages were deleted: a search index that was read before is not written any more. */
  purge_rev: Seq.optional(),
  erased_at: Iso.nullable(),
  /** Counts what was forgotten: whoever read before the last time commits nothing derived. */
  forget_rev: Seq.optional(),
});
export type UserRecord = z.infer<typeof UserRecord>;

/** Where a session's memory lies; created before the session, so that it settles who owns it. */
export const DirectoryEntry = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('session'),
  schema_version: z.literal(1),
  tenant: Id,
  session_id: Id,
  user_id: Id.nullable(),
  /** When a session was last about to be created under it: until it is there, retention must leave the entry. */
  claimed_at: Iso.optional(),
});
export type DirectoryEntry = z.infer<typeof DirectoryEntry>;
