import { z } from 'zod';
import { Id, Seq } from './model.ts';

/** What something took: model calls, tokens, money in the currency of the prices, request units of Cosmos DB. */
export const Figures = z.object({ calls: Seq, tokens_in: Seq, tokens_out: Seq, cost: z.number(), ru: z.number() });
export type Figures = z.infer<typeof Figures>;

/** What it was for: `request`, or the kind of a job. */
const WorkKind = z.string();
const UsageDate = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

export const UsageRow = Figures.extend({ user_id: Id.nullable(), session_id: Id.nullable(), work: WorkKind });
export type UsageRow = z.infer<typeof UsageRow>;

/** What one instance spent for one tenant in one minute. `users` and `sessions` say who is in the rows, for queries. */
export const UsageDelta = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('usage'),
  schema_version: z.literal(1),
  date: UsageDate,
  users: z.array(Id),
  sessions: z.array(Id),
  rows: z.array(UsageRow),
  ttl: z.number(),
});
export type UsageDelta = z.infer<typeof UsageDelta>;

export const WorkFigures = z.record(WorkKind, Figures);
export type WorkFigures = z.infer<typeof WorkFigures>;

/** The days of one month that were folded, of the whole tenant (`user_id` null) or of one user. */
export const UsageMonth = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('usage_month'),
  schema_version: z.literal(1),
  month: z.string(),
  user_id: Id.nullable(),
  days: z.record(UsageDate, WorkFigures),
  ttl: z.number(),
});
export type UsageMonth = z.infer<typeof UsageMonth>;
