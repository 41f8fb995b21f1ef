import type { Message } from './model.ts';

/** What the service answers, as docs/api.md describes it; the client reads the same. Answers given without a tier name it in `degraded`. */
export interface Answered {
  degraded?: string[];
}

/** How far the slow work has come: seqs, and how many messages no reflection has covered yet. */
export interface Watermark {
  last_seq: number;
  summarized_through: number;
  reflected_through: number;
  pending_messages: number;
}

export interface StoreAnswer extends Answered {
  status: 'success';
  message: string;
  turn_id: string;
  turn_ids: string[];
  message_ids: string[];
  /** Of the last message; null while the store waits for Cosmos DB (`durability` is "queued"). */
  seq: number | null;
  duplicate: boolean;
  durability: 'stored' | 'queued';
  /** The buffer after this store: messages that no summary covers, and their estimated tokens. */
  message_count: number;
  total_tokens: number;
  summary_triggered: boolean;
  watermark: Watermark;
}

export interface ActiveTurn {
  turn_id: string;
  user_message: string;
  agent_message: string;
  timestamp: string;
}

export interface ChatMessage {
  role: Message['role'];
  content: string;
  name?: string;
}

/** What a context might have said, whether it did, and why. */
export interface Explained {
  section: string;
  text: string;
  tokens: number;
  included: boolean;
  reason: string;
}

export interface ContextAnswer extends Answered {
  context_id: string;
  active_context: ActiveTurn[];
  messages: ChatMessage[];
  cumulative_summary: string;
  insights: { content: string; type: 'longterm' | 'session'; timestamp: string; session_id?: string }[];
  session_summaries: { session_id: string; summary: string; timestamp: string; topics: string[] }[];
  formatted_context: string;
  watermark: Watermark;
  usage: { total_tokens: number; method: 'estimate'; sections: Record<string, number>; dropped: Record<string, number> };
  explain?: Explained[];
}

export interface StartAnswer
  extends Answered,
    Pick<ContextAnswer, 'active_context' | 'messages' | 'cumulative_summary' | 'formatted_context' | 'watermark'> {
  session_id: string;
  user_id: string | null;
  insights: string[];
  session_summaries: string[];
  restored: boolean;
}

export interface EndAnswer extends Answered {
  status: 'success';
  message: string;
  summary_generated: boolean;
  insights_count: number;
  turns_count: number;
  job_id: string;
}

export interface AddedMessage
  extends Answered,
    Pick<StoreAnswer, 'turn_id' | 'seq' | 'duplicate' | 'durability' | 'message_count' | 'total_tokens' | 'summary_triggered'> {
  success: true;
  message_id: string;
}
