import { MemoryError } from '../../errors.ts';
import { sameStatement, statementOf } from '../../llm/overlap.ts';
import type { ContextAnswer } from '../../model-answers.ts';
import type { FoundMemory } from '../../model-answers-memory.ts';
import type { ContextRequest, RetrieveKind } from '../../requests.ts';
import type { Services } from '../../services.ts';
import { degrade } from '../../telemetry.ts';
import type { Owner } from '../../tiers/keys.ts';
import type { Item } from '../search/corpus.ts';
import { searchMemories } from '../search/search.ts';
import { bufferStart } from '../sessions/trust.ts';
import { readView, type SessionView } from '../sessions/view.ts';
import { buildContext, type Relevant } from './context-build.ts';

const RELEVANT_MEMORIES = 10;
const CANDIDATES = 3 * RELEVANT_MEMORIES; // some of them the rest of the context says already

/**
 * The context for the next model call: at most `max_tokens` tokens (default CONTEXT_MAX_TOKENS), at least as new as `at_least_seq`.
 * Errors: session_not_found, seq_not_reached, tier_unavailable.
 */
export async function readContext(services: Services, owner: Owner, request: ContextRequest): Promise<ContextAnswer> {
  const view = await readView(services, { owner, session_id: request.session_id, at_least_seq: request.at_least_seq });
  const relevant = request.query ? await relevantMemories(services, owner, { query: request.query, view }) : [];
  return buildContext(view, relevant, {
    maxTokens: request.max_tokens ?? services.config.memory.contextMaxTokens,
    recentSessions: services.config.memory.mSessionsRecent,
    explain: request.explain,
  });
}

/** What the rest of the context does not say already. A search that cannot be done leaves the section out and says so. */
async function relevantMemories(
  services: Services,
  owner: Owner,
  { query, view: { head, known } }: { query: string; view: SessionView },
): Promise<Relevant[]> {
  try {
    const inBuffer = { from_seq: bufferStart(head) + 1, to_seq: head.last_seq };
    const leftOut = [inBuffer, ...(head.has_cleared ? await services.warm.summaries.listCleared(owner, head) : [])];
    const isLeftOut = ({ kind, session_id, seq }: Item) =>
      kind === 'turn' && session_id === head.session_id && leftOut.some(({ from_seq, to_seq }) => seq >= from_seq && seq <= to_seq);
    const kinds: RetrieveKind[] = ['fact', 'insight', 'summary', 'turn'];
    const found = await searchMemories(services, owner, { query, top_k: CANDIDATES, kinds, isLeftOut });
    return notSaid(found, known).slice(0, RELEVANT_MEMORIES);
  } catch (error) {
    if (!(error instanceof MemoryError) || error.code !== 'tier_unavailable') throw error;
    degrade('cosmos');
    return [];
  }
}

/** Without the facts and insights that the profile or another insight states, and the summaries of sessions that are told anyway. */
function notSaid(found: FoundMemory[], { profile, insights, summaries }: SessionView['known']): FoundMemory[] {
  const said = [...(profile?.statements ?? []), ...insights.map(({ content }) => content)].map(statementOf);
  return found.filter(({ kind, text, session_id }) => {
    if (kind === 'turn') return true;
    if (kind === 'summary') return !summaries.some((told) => told.session_id === session_id);
    const statement = statementOf(text);
    return !said.some((other) => sameStatement(statement, other));
  });
}
