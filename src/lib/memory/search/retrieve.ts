import type { FoundMemory, RetrieveAnswer } from '../../model-answers-memory.ts';
import type { RetrieveRequest } from '../../requests.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { askIndex } from './ask-index.ts';
import { searchMemories } from './search.ts';

/** Answers `POST /memory/retrieve`. `explain` adds the parts that each score is the sum of. Errors: tier_unavailable. */
export async function retrieve(services: Services, owner: Owner, request: RetrieveRequest): Promise<RetrieveAnswer> {
  const found = await searchMemories(services, owner, request);
  await askIndex(services, owner);
  const results: FoundMemory[] = request.explain ? found : found.map(({ explain: _, ...result }) => result);
  return { query: request.query, facts: results.map(({ text }) => text), count: results.length, results };
}
