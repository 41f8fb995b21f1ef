import type { z } from 'zod';
import type {
  EndedSummary,
  InsightAnswer,
  InsightsAnswer,
  ListedSession,
  RetrieveAnswer,
  SessionPage,
  SummariesAnswer,
} from '../model-answers-memory.ts';
import type { InsightsRequest, RetrieveRequest, SummariesRequest, UserSessionsQuery } from '../requests.ts';
import type { Call } from './call.ts';
import { PAGE, throughPages } from './pages.ts';

type Unnamed<T> = Omit<T, 'user_id'>;
/** Whose memory: a user's, or that of an anonymous session. */
export type RetrieveInput = z.input<typeof RetrieveRequest> & ({ user_id: string } | { session_id: string });
export type SessionFilter = Pick<z.input<typeof UserSessionsQuery>, 'status'>;

/** What is remembered beyond one session. */
export interface Recall {
  /** The memories that fit a query best: facts, insights, summaries and verbatim messages of all sessions. */
  retrieve(input: RetrieveInput): Promise<RetrieveAnswer>;
  /** What was concluded about a user, newest first. */
  insights(user_id: string, which?: Unnamed<z.input<typeof InsightsRequest>>): Promise<InsightAnswer[]>;
  /** A user's ended sessions with their summaries, newest first. */
  summaries(user_id: string, which?: Unnamed<z.input<typeof SummariesRequest>>): Promise<EndedSummary[]>;
  /** One page of a user's sessions, used last first. */
  sessions(user_id: string, page?: SessionFilter & { limit?: number; cursor?: string }): Promise<SessionPage>;
  /** All of them, page after page. */
  allSessions(user_id: string, filter?: SessionFilter): AsyncGenerator<ListedSession, void, undefined>;
}

export function createRecall(call: Call): Recall {
  const post = async <T>(path: readonly string[], body: object) => (await call<T>({ method: 'POST', path, body })).body;
  const sessions: Recall['sessions'] = async (user_id, query = {}) =>
    (await call<SessionPage>({ method: 'GET', path: ['users', user_id, 'sessions'], query })).body;

  return {
    sessions,
    allSessions: (user_id, filter = {}) =>
      throughPages(
        (cursor) => sessions(user_id, { ...filter, limit: PAGE, cursor }),
        (page) => page.sessions,
      ),
    retrieve: (input) => post(['memory', 'retrieve'], input),
    insights: async (user_id, which = {}) => (await post<InsightsAnswer>(['insights'], { ...which, user_id })).insights,
    summaries: async (user_id, which = {}) => (await post<SummariesAnswer>(['summaries'], { ...which, user_id })).summaries,
  };
}
