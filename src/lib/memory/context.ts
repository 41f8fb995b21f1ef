import { MemoryError } from '../errors.ts';
import type { ContextRequest } from '../requests.ts';
import type { Services } from '../services.ts';
import { degrade } from '../telemetry.ts';
import type { Owner } from '../tiers/keys.ts';
import { buildContext, type Context, type Relevant } from './context-build.ts';
import { searchMemories } from './search.ts';
import { readView } from './view.ts';

const RELEVANT_MEMORIES = 10;

/**
 * The context for the next model call: at most `max_tokens` tokens (default CONTEXT_MAX_TOKENS), at least as new as `at_least_seq`.
 * Errors: session_not_found, seq_not_reached, tier_unavailable.
 */
export async function readContext(services: Services, owner: Owner, request: ContextRequest): Promise<Context> {
  const view = await readView(services, { owner, session_id: request.session_id, at_least_seq: request.at_least_seq });
  const inBuffer = new Set(view.messages.map((m) => m.message_id));
  const relevant = request.query ? await relevantMemories(services, owner, { query: request.query, inBuffer }) : [];
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
  { query, inBuffer }: { query: string; inBuffer: Set<string> },
): Promise<Relevant[]> {
  try {
    const found = await searchMemories(services, owner, {
      query,
      top_k: RELEVANT_MEMORIES + inBuffer.size,
      kinds: ['fact', 'insight', 'summary', 'turn'],
    });
    return found.filter((m) => m.kind !== 'turn' || !m.sources.every((id) => inBuffer.has(id))).slice(0, RELEVANT_MEMORIES);
  } catch (error) {
    if (!(error instanceof MemoryError) || error.code !== 'tier_unavailable') throw error;
    degrade('cosmos');
    return [];
  }
}
