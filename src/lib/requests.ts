import { z } from 'zod';
import { Id, MAX_MESSAGES_A_RECORD, Role } from './model.ts';
import { JobKind, JobStatus } from './model-work.ts';

/** Characters of a text at most, of a message while MESSAGE_MAX_CHARS says nothing else. */
export const MAX_TEXT = 32_768;
/** Text that is stored: 1–32,768 characters. NUL and lone surrogates are refused at the edge for the whole body. */
export const Text = z.string().min(1).max(MAX_TEXT);

/** A schema for each length that MESSAGE_MAX_CHARS gives messages, made once. */
export function byLength<T>(make: (maxChars: number) => T): (maxChars: number) => T {
  const made = new Map<number, T>();
  return (maxChars) => {
    const schema = made.get(maxChars) ?? make(maxChars);
    made.set(maxChars, schema);
    return schema;
  };
}
const LATEST_TIME = Date.UTC(9999, 11, 31);

const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Milliseconds since 1970. Without an offset it is UTC; Date.parse alone would take 30 February for 1 March. */
function parseIso(text: string): number {
  const [, year, month, day, time, , , offset] = ISO_8601.exec(text) ?? [];
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (!(Number(day) <= lastDay)) return Number.NaN;
  return Date.parse(`${text.replace(' ', 'T')}${time && !offset ? 'Z' : ''}`);
}

/** ISO 8601 or Unix seconds in, ISO 8601 UTC out. */
export const Time = z.union([z.string(), z.number()]).transform((value, ctx) => {
  const ms = typeof value === 'number' ? value * 1000 : parseIso(value);
  if (!Number.isFinite(ms) || ms < 0 || ms > LATEST_TIME) {
    ctx.addIssue({ code: 'custom', message: `must be ISO 8601 or Unix seconds, saw ${JSON.stringify(value).slice(0, 40)}` });
    return z.NEVER;
  }
  return new Date(ms).toISOString();
});

const Metadata = z.record(z.string(), z.unknown());
const InRole = z.union([Role, z.literal('agent').transform(() => 'assistant' as const)]);
const Name = z.string().min(1).max(128);

/** A message whose text has at most so many characters. */
export const messageIn = byLength((maxChars) =>
  z.object({
    message_id: Id.optional(),
    role: InRole,
    content: z.string().min(1).max(maxChars),
    name: Name.optional(),
    created_at: Time.optional(),
    timestamp: Time.optional(),
    metadata: Metadata.optional(),
  }),
);
export const MessageIn = messageIn(MAX_TEXT);
export type MessageIn = z.infer<typeof MessageIn>;

const owner = { user_id: Id.optional(), session_id: Id };

const namesSomebody = (body: { user_id?: string; session_id?: string }) => body.user_id !== undefined || body.session_id !== undefined;
const NOBODY_NAMED = {
  path: ['user_id'],
  message: 'is required (it may be left out only with the session_id of an anonymous session)',
};

export const StartRequest = z
  .object({ user_id: Id.optional(), session_id: Id.optional(), restore: z.boolean().default(true) })
  .refine(namesSomebody, NOBODY_NAMED);
export type StartRequest = z.infer<typeof StartRequest>;

export const EndRequest = z.object({ ...owner, wait_ms: z.number().int().min(0).max(30_000).default(0) });
export type EndRequest = z.infer<typeof EndRequest>;

const StoreCommon = { ...owner, turn_id: Id.optional(), context_id: Id.optional(), metadata: Metadata.optional() };

/** Both forms of a store: one exchange (`user_message`, `agent_message`) or `messages`. Answers the messages form. */
export const storeRequest = byLength((maxChars) =>
  z
    .object({
      ...StoreCommon,
      user_message: z.string().min(1).max(maxChars).optional(),
      agent_message: z.string().min(1).max(maxChars).optional(),
      created_at: Time.optional(),
      messages: z.array(messageIn(maxChars)).min(1).max(MAX_MESSAGES_A_RECORD).optional(),
    })
    .superRefine((body, ctx) => {
      const exchange = body.user_message !== undefined || body.agent_message !== undefined;
      const needs = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
      if (body.messages && exchange) needs('messages', 'give either messages or user_message and agent_message, not both');
      if (body.messages) return;
      if (body.user_message === undefined) needs('user_message', 'is required (or give messages)');
      if (body.agent_message === undefined) needs('agent_message', 'is required (or give messages)');
    })
    .transform((body) => ({
      user_id: body.user_id,
      session_id: body.session_id,
      turn_id: body.turn_id,
      context_id: body.context_id,
      metadata: body.metadata,
      messages: body.messages ?? [
        { role: 'user' as const, content: body.user_message ?? '', created_at: body.created_at },
        { role: 'assistant' as const, content: body.agent_message ?? '', created_at: body.created_at },
      ],
    })),
);
export const StoreRequest = storeRequest(MAX_TEXT);
export type StoreRequest = z.infer<typeof StoreRequest>;

export const MAX_CONTEXT_TOKENS = 1_000_000;
export const ContextRequest = z.object({
  ...owner,
  query: z.string().min(1).max(MAX_TEXT).optional(),
  max_tokens: z.number().int().min(1).max(MAX_CONTEXT_TOKENS).optional(),
  at_least_seq: z.number().int().min(0).optional(),
  explain: z.boolean().default(false),
});
export type ContextRequest = z.infer<typeof ContextRequest>;

export const RetrieveKind = z.enum(['fact', 'insight', 'summary', 'turn']);
export type RetrieveKind = z.infer<typeof RetrieveKind>;
export const RetrieveRequest = z
  .object({
    user_id: Id.optional(),
    session_id: Id.optional(),
    only_session_id: Id.optional(),
    query: z.string().min(1).max(MAX_TEXT),
    top_k: z.number().int().min(1).max(100).default(5),
    kinds: z.array(RetrieveKind).min(1).default(['fact', 'insight', 'summary', 'turn']),
    from: Time.optional(),
    to: Time.optional(),
    as_of: Time.optional(),
    topics: z.array(z.string().min(1).max(200)).min(1).max(20).optional(),
    include_closed: z.boolean().default(false),
    explain: z.boolean().default(false),
  })
  .refine(namesSomebody, NOBODY_NAMED);
export type RetrieveRequest = z.infer<typeof RetrieveRequest>;

export const InsightsRequest = z.object({ user_id: Id, recent_only: z.boolean().default(false) });
export const SummariesRequest = z.object({ user_id: Id, limit: z.number().int().min(1).max(100).default(5) });

/** A whole number in a query. */
export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));

export const UserParams = z.object({ user_id: Id });
export const UserSessionsQuery = z.object({
  status: z.enum(['open', 'ended']).optional(),
  limit: whole(1, 100).default(20),
  cursor: z.string().min(1).max(4096).optional(),
});
export const JobsQuery = z.object({
  status: JobStatus.optional(),
  kind: JobKind.optional(),
  session_id: Id.optional(),
  limit: whole(1, 100).default(20),
  cursor: z.string().min(1).max(4096).optional(),
});
export type JobsQuery = z.infer<typeof JobsQuery>;
export const JobParams = z.object({ job_id: z.string().regex(/^\d{8}-[A-Za-z0-9_-]{22}$/, 'must be a job id') });
export const JobQuery = z.object({ wait_ms: whole(0, 30_000).default(0) });
export const UsageQuery = z.object({ user_id: Id.optional(), session_id: Id.optional(), from: Time.optional(), to: Time.optional() });
export type UsageQuery = z.infer<typeof UsageQuery>;
