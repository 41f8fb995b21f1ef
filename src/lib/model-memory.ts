import { z } from 'zod';
import { Id, Iso, Metadata, Seq } from './model.ts';

/** Text that stands for the messages from_seq…to_seq of one session. */
export const Summary = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('summary'),
  schema_version: z.literal(1),
  /** manual: written by a caller; cleared: left out of contexts by a caller, without a text. */
  level: z.enum(['session', 'rolling', 'chunk', 'manual', 'cleared']),
  session_id: Id,
  epoch: Seq,
  from_seq: Seq,
  to_seq: Seq,
  text: z.string(),
  topics: z.array(z.string()),
  model: z.string(),
  created_at: Iso,
  /** What a rolling summary is put together from: the merged part and the chunk summaries since. */
  parts: z.object({ merged: z.string(), chunks: z.array(z.string()) }).optional(),
  metadata: Metadata.optional(),
});
export type Summary = z.infer<typeof Summary>;

/** What a caller keeps with a session. */
export const SessionState = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('state'),
  schema_version: z.literal(1),
  session_id: Id,
  value: z.unknown(),
  updated_at: Iso,
});
export type SessionState = z.infer<typeof SessionState>;

const Source = z.object({ session_id: Id, message_ids: z.array(z.string()), seqs: z.array(Seq) });
export type Source = z.infer<typeof Source>;

/** What a fact said until a user edited it. Its `from` is the `until` of the version before, or when the fact began to hold. */
export const FactVersion = z.object({
  version: z.number().int(),
  text: z.string(),
  kind: z.enum(['fact', 'preference', 'event']),
  topics: z.array(z.string()),
  pinned: z.boolean(),
  until: Iso,
});
export type FactVersion = z.infer<typeof FactVersion>;

/** Why a fact is kept apart until somebody decides: where it comes from, what it reads like, or what it would close. */
export const Quarantine = z.enum(['tool', 'pasted', 'instruction', 'secret', 'contradicts_pinned']);
export type Quarantine = z.infer<typeof Quarantine>;

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
  /** Only a user closes it, and contexts say it first. */
  pinned: z.boolean().optional(),
  /** When it was last said; where it is missing, once, at valid_from. */
  last_said: Iso.optional(),
  quarantine: Quarantine.optional(),
  /** The versions before this one, oldest first. */
  history: z.array(FactVersion).optional(),
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

/** One statement of the profile, what it rests on (fact and insight ids), and when that was last confirmed. */
export const ProfileStatement = z.object({ text: z.string(), cites: z.array(z.string()), confirmed_at: Iso });
export type ProfileStatement = z.infer<typeof ProfileStatement>;

/** The long-term profile, one document a revision; the newest counts. */
export const Profile = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('profile'),
  schema_version: z.literal(1),
  rev: Seq,
  /** The user's ended sessions when it was written: the next one counts from here. */
  sessions_ended: Seq,
  statements: z.array(ProfileStatement),
  model: z.string(),
  created_at: Iso,
});
export type Profile = z.infer<typeof Profile>;

/** A statement as salted hashes of its words: enough to know it again, not to say it. */
export const HashedStatement = z.object({
  stems: z.array(z.string()),
  /** Names and numbers among them, and names alone. */
  marks: z.array(z.string()),
  names: z.array(z.string()),
  negated: z.boolean(),
  slot: z.string().optional(),
});
export type HashedStatement = z.infer<typeof HashedStatement>;

/** What is left of a forgotten fact, so that nothing brings it back: who said it where, hashes of what it said, and when it was forgotten. */
export const Forgotten = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('forgotten'),
  schema_version: z.literal(1),
  fact_id: z.string(),
  salt: z.string(),
  statements: z.array(HashedStatement),
  sources: z.array(Source),
  forgotten_at: Iso,
  /** When everything that said it was gone; null while that is being done. */
  removed_at: Iso.nullable(),
});
export type Forgotten = z.infer<typeof Forgotten>;
