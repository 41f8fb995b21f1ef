/** What the service answers, as docs/api.md describes it. Answers given without a tier name it in `degraded`. */
export interface Answered {
  degraded?: string[];
}

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
  watermark: Watermark;
}

export interface ActiveTurn {
  turn_id: string;
  user_message: string;
  agent_message: string;
  timestamp: string;
}

export interface ChatMessage {
  role: 'user' | 'assistant' | 'system' | 'tool';
  content: string;
  name?: string;
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
  usage: { total_tokens: number; method: string; sections: Record<string, number>; dropped: Record<string, number> };
  explain?: unknown;
}

export interface StartAnswer extends Answered {
  session_id: string;
  user_id: string | null;
  active_context: ActiveTurn[];
  messages: ChatMessage[];
  cumulative_summary: string;
  insights: string[];
  session_summaries: string[];
  formatted_context: string;
  restored: boolean;
  watermark: Watermark;
}

export interface EndAnswer extends Answered {
  status: 'success';
  message: string;
  summary_generated: boolean;
  insights_count: number;
  turns_count: number;
  job_id: string;
}

export interface AddedMessage extends Answered {
  success: true;
  message_id: string;
  turn_id: string;
  seq: number | null;
  message_count: number;
  total_tokens: number;
  summary_triggered: boolean;
  duplicate: boolean;
}

export interface StoredMessage extends ChatMessage {
  message_id: string;
  seq: number;
  timestamp: string;
  metadata?: Record<string, unknown>;
  tokens: number;
}

export interface FieldSizes {
  total_fields: number;
  total_size_bytes: number;
  fields: Record<string, number>;
}
