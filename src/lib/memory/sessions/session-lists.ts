import { decodeCursor, encodeCursor } from '../../cursor.ts';
import type { SessionHead } from '../../model.ts';
import type { SessionPage, SummariesAnswer } from '../../model-answers-memory.ts';
import type { Summary } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { messageCount, turnCount } from './turns-of.ts';

/** The user's ended sessions with their summaries, ended last first. A session that is not summarised yet has "". */
export async function listEndedSummaries(services: Services, owner: Owner, limit: number): Promise<SummariesAnswer> {
  const heads = await services.warm.sessions.listEnded(owner, limit);
  const summaryOf = await summariesOf(services, owner, heads);
  const summaries = heads.map((head) => ({
    session_id: head.session_id,
    start_time: head.started_at,
    end_time: head.ended_at,
    cumulative_summary: summaryOf(head)?.text ?? '',
    turn_count: turnCount(head),
    topics: summaryOf(head)?.topics ?? [],
  }));
  return { user_id: owner.user_id, summaries, count: summaries.length };
}

/** One page of a user's sessions, used last first. Errors: invalid_query for a cursor that is none of ours. */
export async function listSessions(
  services: Services,
  owner: Owner,
  { status, limit, cursor }: { status?: 'open' | 'ended'; limit: number; cursor?: string },
): Promise<SessionPage> {
  const page = await services.warm.sessions.listSessions(owner, { status, limit, cursor: cursor && decodeCursor(cursor) });
  const summaryOf = await summariesOf(services, owner, page.rows);
  return {
    sessions: page.rows.map((head) => {
      const summary = summaryOf(head)?.text;
      return {
        session_id: head.session_id,
        status: head.status,
        started_at: head.started_at,
        last_active_at: head.last_active_at,
        ended_at: head.ended_at,
        message_count: messageCount(head),
        turn_count: turnCount(head),
        ...(summary && { summary }),
      };
    }),
    next_cursor: encodeCursor(page.cursor),
  };
}

async function summariesOf(services: Services, owner: Owner, heads: SessionHead[]): Promise<(head: SessionHead) => Summary | undefined> {
  const found = await services.warm.memory.readSummaries(
    owner,
    heads.flatMap((head) => head.summary_id ?? []),
  );
  const byId = new Map(found.map((summary) => [summary.id, summary]));
  return (head) => (head.summary_id === null ? undefined : byId.get(head.summary_id));
}
