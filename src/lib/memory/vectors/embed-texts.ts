import { type EmbeddingModel, type Embeddings, ModelError, type ModelUsage } from '../../llm/port.ts';
import { VECTOR_DIMENSIONS } from '../../model-vectors.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';

/** The name under which vectors of a model can be compared with each other. */
export const modelKey = ({ name, dimensions }: EmbeddingModel): string => (dimensions === undefined ? name : `${name}@${dimensions}`);

interface Asked {
  as: EmbeddingModel;
  signal?: AbortSignal;
  maxRetries?: number;
  /** Whether what it took is written down before the answer is used: where nobody waits. */
  recorded: boolean;
}

/** Vectors of texts, paid for by their owner as the work `embed`. Throws a ModelError, also for vectors of a length that has no path. */
export async function embedTexts(services: Services, owner: Owner, { texts, ...asked }: Asked & { texts: string[] }): Promise<Embeddings> {
  const { embeddings } = services;
  if (embeddings === undefined) throw new Error('there is no embedding model');
  const { recorded, ...options } = asked;
  try {
    const answer = await embeddings.embedder.embed(texts, options);
    await account(services, owner, { usage: answer.usage, recorded });
    return checked(answer);
  } catch (error) {
    if (error instanceof ModelError) await account(services, owner, { usage: error.usage, recorded });
    throw error;
  }
}

async function account(services: Services, owner: Owner, { usage, recorded }: { usage: ModelUsage; recorded: boolean }): Promise<void> {
  const { calls, tokens_in, tokens_out, cost } = usage;
  const who = { tenant: owner.tenant, user_id: owner.user_id };
  const spender = { ...who, session_id: owner.session_id ?? null, work: 'embed' };
  services.budget.spent(who, cost);
  if (recorded && tokens_in > 0) await services.ledger.record(spender, { calls, tokens_in, tokens_out, cost });
  else services.ledger.count(spender, { calls, tokens_in, tokens_out, cost });
}

function checked(answer: Embeddings): Embeddings {
  const { vectors, model } = answer;
  const length = vectors.find((vector) => vector.length > 0)?.length;
  if (length === undefined || VECTOR_DIMENSIONS.some((known) => known === length)) return answer;
  const message = `the vectors of ${model} have ${length} dimensions; EMBEDDING_DIMENSIONS must be one of ${VECTOR_DIMENSIONS.join(', ')}`;
  const usage = { model, calls: 0, tokens_in: 0, tokens_out: 0, cost: 0, ms: 0 };
  throw new ModelError(message, { reason: 'malformed', usage });
}
