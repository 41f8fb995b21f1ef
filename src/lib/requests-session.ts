import { z } from 'zod';
import { Id } from './model.ts';
import { byLength, MAX_TEXT, messageIn, Text, whole } from './requests.ts';
import { UserCheck } from './requests-fields.ts';

const Metadata = z.record(z.string(), z.unknown());
const MAX_SEQ = 999_999_999;

/** One message of a session; its id may be in its metadata, where clients of document 2 have it. */
export const messageRequest = byLength((maxChars) =>
  messageIn(maxChars)
    .extend({ user_id: Id.optional() })
    .transform((body, ctx) => {
      const { user_id, ...message } = body;
      const inMetadata = message.message_id === undefined ? message.metadata?.message_id : undefined;
      if (inMetadata === undefined) return { user_id, message };
      const id = Id.safeParse(inMetadata);
      if (id.success) return { user_id, message: { ...message, message_id: id.data } };
      ctx.addIssue({ code: 'custom', path: ['metadata', 'message_id'], message: 'must be an id, because message_id is not given' });
      return z.NEVER;
    }),
);
export const MessageRequest = messageRequest(MAX_TEXT);
export type MessageRequest = z.infer<typeof MessageRequest>;

const Epoch = z.enum(['current', 'all']).default('current');
export const MessagesQuery = UserCheck.extend({
  limit: whole(1, 1000).default(1000),
  before: whole(1, MAX_SEQ).optional(),
  epoch: Epoch,
});
export type MessagesQuery = z.infer<typeof MessagesQuery>;
export const CountQuery = UserCheck.extend({ epoch: Epoch });

const Limit = (most: number) => z.number().int().min(1).max(most).nullable().optional();
/** Limits to change; null goes back to the setting. */
export const ConfigRequest = z.object({
  summary_trigger_tokens: Limit(1_000_000),
  max_buffer_tokens: Limit(1_000_000),
  max_buffer_messages: Limit(1000),
  k_turn_buffer: Limit(100),
  l_turn_chunks: Limit(100),
  reflection_threshold_turns: Limit(1000),
});
export type ConfigRequest = z.infer<typeof ConfigRequest>;

/** Any JSON value; its bytes are counted where it is stored. */
export const StateRequest = z.unknown();

export const SummariesQuery = UserCheck.extend({ limit: whole(1, 100).default(10), epoch: Epoch });
export type SummariesQuery = z.infer<typeof SummariesQuery>;
export const SummaryRequest = z.object({
  summary: Text,
  to_seq: z.number().int().min(0).max(MAX_SEQ).optional(),
  metadata: Metadata.optional(),
});
export type SummaryRequest = z.infer<typeof SummaryRequest>;

const CountedMessage = z.looseObject({ role: z.string().optional(), content: z.string(), name: z.string().optional() });
const Tokens = z.number().int().min(1).max(10_000_000);
export const CountTokensRequest = z
  .object({
    text: z.string().optional(),
    messages: z.array(CountedMessage).max(10_000).optional(),
    threshold: Tokens.default(3000),
    max_tokens: Tokens.default(4000),
  })
  .refine(({ text, messages }) => (text === undefined) !== (messages === undefined), {
    path: ['text'],
    message: 'give either text or messages',
  });
export type CountTokensRequest = z.infer<typeof CountTokensRequest>;

/** Which breaker to close; all of this instance when none is named. The body may be left out. */
export const BreakerRequest = z.object({ tier: z.enum(['redis', 'cosmos']).optional() }).default({});
