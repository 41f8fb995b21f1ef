import { z } from 'zod';
import { Id, Seq } from './model.ts';
import { Time, whole } from './requests.ts';

const MAX_FACT = 2000; // characters: one statement, not a document
const MAX_TOPICS = 12;
const MAX_TOPIC = 60;
const MAX_IDS = 100;

const FactText = z.string().trim().min(1).max(MAX_FACT);
const Topics = z.array(z.string().trim().min(1).max(MAX_TOPIC)).max(MAX_TOPICS);
const FactKind = z.enum(['fact', 'preference', 'event']);

export const FactParams = z.object({ user_id: Id, fact_id: Id });

/** `status` defaults to what holds; with `as_of`, to what was believed then. */
export const FactsQuery = z.object({
  status: z.enum(['current', 'closed', 'quarantined', 'all']).optional(),
  topic: z.string().min(1).max(MAX_TOPIC).optional(),
  session_id: Id.optional(),
  from: Time.optional(),
  to: Time.optional(),
  as_of: Time.optional(),
  limit: whole(1, 100).default(20),
  cursor: z.string().min(1).max(4096).optional(),
});
export type FactsQuery = z.infer<typeof FactsQuery>;

/** Where a fact was said; by message ids, seqs, or both. */
const SourceIn = z
  .object({ session_id: Id, message_ids: z.array(Id).max(MAX_IDS).default([]), seqs: z.array(Seq).max(MAX_IDS).default([]) })
  .refine(({ message_ids, seqs }) => message_ids.length + seqs.length > 0, { message: 'needs message_ids or seqs' });

export const AddFactRequest = z.object({
  text: FactText,
  kind: FactKind.default('fact'),
  topics: Topics.default([]),
  pinned: z.boolean().default(false),
  sources: z.array(SourceIn).max(20).default([]),
});
export type AddFactRequest = z.infer<typeof AddFactRequest>;

export const EditFactRequest = z
  .object({ text: FactText.optional(), kind: FactKind.optional(), topics: Topics.optional(), pinned: z.boolean().optional() })
  .refine((body) => Object.values(body).some((value) => value !== undefined), { message: 'must change something' });
export type EditFactRequest = z.infer<typeof EditFactRequest>;

const CHOICES = ['query', 'fact_ids', 'topic', 'session_id', 'before'] as const;
export const ForgetRequest = z
  .object({
    query: z.string().min(1).max(2000).optional(),
    fact_ids: z.array(Id).min(1).max(MAX_IDS).optional(),
    topic: z.string().min(1).max(MAX_TOPIC).optional(),
    session_id: Id.optional(),
    before: Time.optional(),
    dry_run: z.boolean().default(false),
  })
  .refine((body) => CHOICES.filter((choice) => body[choice] !== undefined).length === 1, {
    message: `give exactly one of ${CHOICES.join(', ')}`,
  });
export type ForgetRequest = z.infer<typeof ForgetRequest>;
