import type { Message, SessionHead } from './model.ts';
import type { Answered, ChatMessage } from './model-answers.ts';
import type { Fact, FactVersion } from './model-memory.ts';

/** What the service answers of what is known about a user: facts, insights, summaries, and what a search finds. */
export interface FactAnswer
  extends Pick<Fact, 'text' | 'topics' | 'confidence' | 'support' | 'status' | 'valid_from' | 'valid_to' | 'superseded_by'>,
    Pick<Fact, 'sources' | 'created_at' | 'updated_at' | 'origin' | 'model' | 'quarantine'> {
  id: string;
  /** Null for an anonymous session's. */
  user_id: string | null;
  kind: Fact['fact_kind'];
  pinned: boolean;
  /** The first is 1; every edit makes the next. */
  version: number;
}

export interface FactPage extends Answered {
  facts: FactAnswer[];
  /** Of this page. */
  count: number;
  next_cursor: string | null;
}

/** A fact that was added; what was known already is answered under its own id. */
export interface AddedFact extends FactAnswer, Answered {
  /** The same request was answered before. */
  duplicate: boolean;
}

/** What a fact said, and from when to when it held; the version that holds has no end. */
export interface FactWording extends Omit<FactVersion, 'until'> {
  from: string;
  to: string | null;
}
/** A message that a fact rests on. */
export interface FactMessage extends ChatMessage {
  session_id: string;
  message_id: string;
  seq: number;
  timestamp: string;
}
/** A fact with its versions, oldest first, and the messages that it rests on, as far as they are still there. */
export interface FactDetail extends FactAnswer, Answered {
  history: FactWording[];
  messages: FactMessage[];
}

/** What was forgotten, or with `dry_run` what would be. */
export interface ForgetAnswer extends Answered {
  dry_run: boolean;
  count: number;
  facts: FactAnswer[];
}
/** The same of one fact by its id. */
export interface ForgottenFact extends ForgetAnswer {
  success: true;
}

/** One thing that a search found, with the messages it rests on. */
export interface FoundMemory {
  id: string;
  kind: 'fact' | 'insight' | 'summary' | 'turn';
  text: string;
  /** Compares the results of one answer only. */
  score: number;
  session_id: string;
  timestamp: string;
  sources: string[];
  /** Of a message: its place in the session, and who said it. */
  seq?: number;
  role?: Message['role'];
  name?: string;
  /** The parts that the score is the sum of. */
  explain?: Record<'window' | 'session' | 'speaker' | 'date' | 'when' | 'proper', number> & { similar?: number };
}
export interface RetrieveAnswer extends Answered {
  query: string;
  /** The texts of the results. */
  facts: string[];
  count: number;
  /** Best first. */
  results: FoundMemory[];
}

/** What was concluded about a user in one session. */
export interface InsightAnswer {
  content: string;
  timestamp: string;
  session_id: string;
}
export interface InsightsAnswer extends Answered {
  user_id: string | null;
  insights: InsightAnswer[];
  count: number;
}

/** A session that ended; "" while it is not summarised. */
export interface EndedSummary {
  session_id: string;
  start_time: string;
  end_time: string | null;
  cumulative_summary: string;
  turn_count: number;
  topics: string[];
}
export interface SummariesAnswer extends Answered {
  user_id: string | null;
  summaries: EndedSummary[];
  count: number;
}

export interface ListedSession extends Pick<SessionHead, 'session_id' | 'status' | 'started_at' | 'last_active_at' | 'ended_at'> {
  message_count: number;
  turn_count: number;
  summary?: string;
}
export interface SessionPage extends Answered {
  sessions: ListedSession[];
  next_cursor: string | null;
}
