import type { Answered, ChatMessage, Watermark } from './model-answers.ts';

/** What the service answers of one session's messages, limits and summaries (document 3), and of its fields (document 2). */
export interface StoredMessage extends ChatMessage {
  message_id: string;
  seq: number;
  timestamp: string;
  metadata?: Record<string, unknown>;
  tokens: number;
}

/** A message whose copy in Redis cannot be decoded while Cosmos DB does not answer: its stored text, and nothing else. */
export type RawMessage = { seq: number; content: string; raw: true } & Partial<
  Record<Exclude<keyof StoredMessage, 'seq' | 'content'>, undefined>
>;
export type ListedMessage = (StoredMessage & { raw?: undefined }) | RawMessage;

/** The limits of a session's buffer, and when slow work begins. */
export interface Limits {
  summary_trigger_tokens: number;
  max_buffer_tokens: number;
  max_buffer_messages: number;
  k_turn_buffer: number;
  l_turn_chunks: number;
  reflection_threshold_turns: number;
}

export interface BufferInfo extends Pick<Limits, 'max_buffer_tokens' | 'max_buffer_messages'> {
  message_count: number;
  token_count: number;
  /** Of the copy in Redis; 0 where there is none. */
  ttl_remaining_seconds: number;
  should_trigger_summary: boolean;
  over_limit: boolean;
}

export interface BufferAnswer extends Answered {
  buffer_messages: ListedMessage[];
  /** "" when there is none. */
  current_summary: string;
  buffer_info: BufferInfo;
  total_tokens: number;
  message_count: number;
  /** What was saved with the session, if anything was. */
  state?: unknown;
  token_method: 'estimate';
}

/** One summary, with the range it stands for; a range with `to_seq` before `from_seq` is empty. */
export interface HistoryEntry {
  summary: string;
  from_seq: number;
  to_seq: number;
  timestamp: string;
  tokens: number;
  level: string;
  model: string;
  metadata?: Record<string, unknown>;
}

/** A summary that was added by hand. */
export interface AddedSummary extends HistoryEntry, Answered {
  success: true;
  duplicate: boolean;
}

/** A figure that Redis did not give is null; they are what the answering instance sees. */
export interface RedisFigures {
  available: boolean;
  breaker: string;
  used_memory: number | null;
  evicted_keys: number | null;
  expired_keys: number | null;
  hit_ratio: number | null;
  scope: 'instance';
  instance_id: string;
}

export interface SessionStats extends Answered {
  session_id: string;
  user_id: string | null;
  status: 'open' | 'ended';
  buffer: BufferInfo;
  summary: { summary_count: number; generated: number; manual: number; session: number; merged: number };
  redis: RedisFigures;
  config: Limits;
  watermark: Watermark;
}

export interface TokenCount {
  total_tokens: number;
  method: 'o200k_base' | 'estimate';
}
/** Of messages one by one: whether they are past the threshold, and which of the oldest have to go so that the rest fit. */
export interface MessageTokenCount<M = { content: string }> extends TokenCount {
  counts: number[];
  should_trigger_summary: boolean;
  overflow_messages: M[];
}

export interface FieldSizes {
  total_fields: number;
  total_size_bytes: number;
  fields: Record<string, number>;
}
/** One page of the tenant's sessions with fields. */
export interface FieldStats {
  total_conversations: number;
  conversations: { conversation_id: string; total_fields: number; total_size_bytes: number }[];
  next_cursor: string | null;
}
