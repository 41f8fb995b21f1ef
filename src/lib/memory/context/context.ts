import { MemoryError } from '../../errors.ts';
import type { ContextAnswer } from '../../model-answers.ts';
import type { ContextRequest } from '../../requests.ts';
import type { Services } from '../../services.ts';
import { degrade } from '../../telemetry.ts';
import type { Owner } from '../../tiers/keys.ts';
import { type Found, searchMemories } from '../search/search.ts';
import { bufferStart } from '../sessions/trust.ts';
import { readView, type SessionView } from '../sessions/view.ts';
import { buildContext, type Relevant } from './context-build.ts';

const RELEVANT_MEMORIES = 10;

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
  { query, view: { head, messages } }: { query: string; view: SessionView },
): Promise<Relevant[]> {
  try {
    const inBuffer = { from_seq: bufferStart(head) + 1, to_seq: head.last_seq };
    const leftOut = [inBuffer, ...(head.has_cleared ? await services.warm.summaries.listCleared(owner, head) : [])];
    const cleared = leftOut.slice(1).reduce((sum, { from_seq, to_seq }) => sum + to_seq - from_seq + 1, 0);
    const found = await searchMemories(services, owner, {
      query,
      top_k: RELEVANT_MEMORIES + messages.length + cleared,
      kinds: ['fact', 'insight', 'summary', 'turn'],
    });
    const isLeftOut = ({ kind, session_id, seq = 0 }: Found) =>
      kind === 'turn' && session_id === head.session_id && leftOut.some(({ from_seq, to_seq }) => seq >= from_seq && seq <= to_seq);
    return found.filter((memory) => !isLeftOut(memory)).slice(0, RELEVANT_MEMORIES);
  } catch (error) {
    if (!(error instanceof MemoryError) || error.code !== 'tier_unavailable') throw error;
    degrade('cosmos');
    return [];
  }
}
