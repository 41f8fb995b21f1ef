import { ModelError } from '../../llm/port.ts';
import type { Neighbour } from '../../model-vectors.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { embedTexts, modelKey } from './embed-texts.ts';
import { answering } from './vector-state.ts';

/**
 * The memories of a user whose vectors are nearest to that of a query, nearest first. What is found may be closed, quarantined or gone
 * by now: whoever shows it reads it first. Waits at most EMBEDDING_WAIT_MS for the model. Undefined, and a line in the log, when there
 * is no answer by vectors: none are configured or stored yet, the model or Cosmos DB does not answer, or the budget is spent. Never fails.
 */
export async function neighbours(
  services: Services,
  owner: Owner,
  { query, limit }: { query: string; limit: number },
): Promise<Neighbour[] | undefined> {
  const { embeddings, warm, budget, log } = services;
  const hard = budget.seen({ tenant: owner.tenant, user_id: owner.user_id }).state === 'hard';
  if (embeddings === undefined || hard || query.trim() === '') return undefined;
  try {
    const state = await warm.vectors.readState(owner);
    if (state === undefined) return undefined;
    const as = answering(state.value);
    const vector = await vectorOf(services, owner, { query, as });
    return vector && (await warm.vectors.neighbours(owner, { model: modelKey(as), vector, limit }));
  } catch (error) {
    const reason =
      error instanceof ModelError ? `model ${error.reason}: ${error.message}` : error instanceof Error ? error.name : 'unknown';
    log('warn', 'neighbours_missing', { reason });
    return undefined;
  }
}

type Asked = { query: string; as: Parameters<typeof modelKey>[0] };

/** Undefined while the model is left alone after failures: a search would wait in vain each time. */
async function vectorOf(services: Services, owner: Owner, { query, as }: Asked): Promise<number[] | undefined> {
  const { embeddings } = services;
  if (!embeddings?.breaker.admits()) return undefined;
  const signal = AbortSignal.timeout(embeddings.waitMs);
  try {
    const { vectors } = await embedTexts(services, owner, { texts: [query], as, signal, maxRetries: 0, recorded: false });
    embeddings.breaker.succeeded();
    const [vector] = vectors;
    return vector?.length ? vector : undefined;
  } catch (error) {
    embeddings.breaker.failed();
    throw error;
  }
}
