import type { z } from 'zod';
import type { AddedSummary, BufferAnswer, HistoryEntry, Limits, SessionStats } from '../model-answers-session.ts';
import type { ConfigRequest, SummaryRequest } from '../requests-session.ts';
import type { Ask, Call, Value } from './call.ts';

/** What was written about a session. */
export interface Summaries {
  /** The newest, newest first. */
  list(page?: { limit?: number }): Promise<HistoryEntry[]>;
  /** Adds one by hand to the current one; with `to_seq` it stands for the messages up to there, which leave the buffer. */
  add(summary: string, more?: Omit<z.input<typeof SummaryRequest>, 'summary'>): Promise<AddedSummary>;
  /** Leaves them out of contexts from now on; what they stood for does not come back. */
  clear(): Promise<void>;
}

/** Document 3's view of a session: its buffer, the limits of that, and what the caller keeps with it. */
export interface SessionBuffer {
  /** The buffer, the current summary, and the state. The context for a model call is `context()`. */
  buffer(): Promise<BufferAnswer>;
  /** Leaves what is in the buffer out of contexts from now on; the messages stay stored. */
  clearBuffer(): Promise<void>;
  config(): Promise<Limits>;
  /** Changes some limits, null back to the setting; answers all. Creates the session when it is new. */
  configure(change: z.input<typeof ConfigRequest>): Promise<Limits>;
  /** What was saved with the session; null when nothing was. */
  state<T = unknown>(): Promise<T | null>;
  /** Saves any JSON of up to 64 KB, for as long as the session lives (document 3's save_context). */
  saveState(state: Value): Promise<void>;
  stats(): Promise<SessionStats>;
  readonly summaries: Summaries;
}

/** The buffer of one session; `check` is the user that it must belong to. */
export function createBuffer(call: Call, session_id: string, check: { user_id?: string }): SessionBuffer {
  const ask = async <T>(method: Ask['method'], part: string, { query, body }: Pick<Ask, 'query' | 'body'> = {}) =>
    (await call<T>({ method, path: ['sessions', session_id, part], query: { ...check, ...query }, body })).body;
  return {
    buffer: () => ask('GET', 'context'),
    clearBuffer: async () => void (await ask('DELETE', 'buffer')),
    config: () => ask('GET', 'config'),
    configure: (change) => ask('PUT', 'config', { body: change }),
    state: () => ask('GET', 'state'),
    saveState: async (state) => void (await ask('PUT', 'state', { body: state })),
    stats: () => ask('GET', 'stats'),
    summaries: {
      list: async (page = {}) => (await ask<{ summaries: HistoryEntry[] }>('GET', 'summaries', { query: page })).summaries,
      add: (summary, more = {}) => ask('POST', 'summaries', { body: { summary, ...more } }),
      clear: async () => void (await ask('DELETE', 'summaries')),
    },
  };
}
