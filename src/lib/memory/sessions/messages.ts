import type { Message, SessionHead } from '../../model.ts';
import { MAX_MESSAGES_A_RECORD } from '../../model.ts';
import type { AddedMessage } from '../../model-answers.ts';
import type { ListedMessage } from '../../model-answers-session.ts';
import type { MessageRequest, MessagesQuery } from '../../requests-session.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { bufferStart, type ReadMessage } from './trust.ts';
import { storeMessages } from './turns.ts';
import { messageCount } from './turns-of.ts';
import { readSession } from './view.ts';

interface Adding {
  owner: Owner;
  session_id: string;
  message: MessageRequest['message'];
  idempotencyKey?: string;
}

/** Stores one message: a store of one, so it is a turn, or part of one, in document 0's sense. Errors: as storeMessages. */
export async function addMessage(services: Services, { owner, session_id, message, idempotencyKey }: Adding): Promise<AddedMessage> {
  const request = { user_id: undefined, session_id, turn_id: undefined, context_id: undefined, metadata: undefined, messages: [message] };
  const stored = await storeMessages(services, { owner, request, idempotencyKey });
  const { turn_id, message_ids, seq, message_count, total_tokens, summary_triggered, duplicate, durability } = stored;
  return {
    success: true,
    message_id: message_ids[0] ?? '',
    turn_id,
    seq,
    message_count,
    total_tokens,
    summary_triggered,
    duplicate,
    durability,
  };
}

type Page = Pick<MessagesQuery, 'limit' | 'before' | 'epoch'>;

/**
 * The newest `limit` messages before a seq, oldest first: all that are stored, of the current epoch or of all. Read from the hot
 * buffer where it has them, else by the ids of their records. Errors: session_not_found, tier_unavailable.
 */
export async function listMessages(services: Services, owner: Owner, { session_id, limit, before, epoch }: Page & { session_id: string }) {
  const { head, messages: buffer } = await readSession(services, { owner, session_id });
  const first = epoch === 'all' ? 1 : head.epoch_seq + 1;
  const through = Math.min(head.last_seq, (before ?? head.last_seq + 1) - 1);
  const after = Math.max(first - 1, through - limit);
  const isWanted = ({ seq }: Message) => seq > after && seq <= through;
  const inBuffer = after >= bufferStart(head);
  const found = inBuffer ? buffer : await readRange(services, owner, { head, after, through });
  const messages = found.filter(isWanted).map(messageView);
  return { messages, count: messages.length, next_before: after >= first ? after + 1 : null };
}

interface Range {
  head: SessionHead;
  after: number;
  through: number;
}

async function readRange({ warm }: Services, owner: Owner, { head, after, through }: Range): Promise<Message[]> {
  if (through <= after) return [];
  const { session_id, epoch } = head;
  if (after >= head.epoch_seq) return warm.sessions.readMessages(owner, session_id, { epoch, after, through });
  const range = { after: Math.max(0, after - MAX_MESSAGES_A_RECORD), limit: through - after + MAX_MESSAGES_A_RECORD };
  return (await warm.retention.pageAppends(owner, session_id, range)).flatMap((record) => record.messages);
}

/** How many messages are stored, of the current epoch or of all. Errors: session_not_found, tier_unavailable. */
export async function countMessages(
  services: Services,
  owner: Owner,
  { session_id, epoch }: { session_id: string; epoch: 'current' | 'all' },
) {
  const { head } = await readSession(services, { owner, session_id });
  return { count: epoch === 'all' ? head.last_seq : messageCount(head) };
}

/** A message as callers see it; of one that could not be decoded, its text. */
export function messageView({ raw, seq, message_id, role, content, name, created_at, metadata, tokens }: ReadMessage): ListedMessage {
  if (raw) return { seq, content, raw };
  return { message_id, seq, role, content, ...(name && { name }), timestamp: created_at, ...(metadata && { metadata }), tokens };
}
