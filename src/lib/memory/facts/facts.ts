import { decodeCursor, encodeCursor } from '../../cursor.ts';
import { MemoryError } from '../../errors.ts';
import type { FactDetail, FactPage } from '../../model-answers-memory.ts';
import type { Fact } from '../../model-memory.ts';
import type { FactsQuery } from '../../requests-facts.ts';
import type { Services } from '../../services.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import type { Owner } from '../../tiers/keys.ts';
import { factView } from '../reflection/fact-view.ts';
import { asOf, versionsOf } from './versions.ts';

export const factNotFound = (fact_id: string): MemoryError => new MemoryError('fact_not_found', `no fact "${fact_id}"`);

/** One page of a user's facts, those that happened last first. Errors: invalid_query for a cursor that is none of ours. */
export async function listFacts(services: Services, owner: Owner, { cursor, ...wanted }: FactsQuery): Promise<FactPage> {
  const page = await services.warm.facts.page(owner, { ...wanted, cursor: cursor && decodeCursor(cursor) });
  const { as_of } = wanted;
  const facts = page.rows.map((fact) => factView(as_of === undefined ? fact : asOf(fact, as_of)));
  return { facts, count: facts.length, next_cursor: encodeCursor(page.cursor) };
}

/** A fact that is there, with its ETag. Errors: fact_not_found. */
export async function requireFact({ warm }: Services, owner: Owner, fact_id: string): Promise<Stored<Fact>> {
  const stored = await warm.facts.read(owner, fact_id);
  if (!stored) throw factNotFound(fact_id);
  return stored;
}

/** A fact with every version of it and the messages that it rests on, as far as they are still there. Errors: fact_not_found. */
export async function readFact(
  services: Services,
  owner: Owner,
  fact_id: string,
): Promise<{ answer: FactDetail; etag: string | undefined }> {
  const { value: fact, etag } = await requireFact(services, owner, fact_id);
  const bySession = Map.groupBy(fact.sources, ({ session_id }) => session_id);
  const said = await Promise.all(
    [...bySession].map(async ([session_id, sources]) => {
      const seqs = sources.flatMap((source) => source.seqs);
      return (await services.warm.facts.readMessages(owner, session_id, seqs)).map((message) => ({ session_id, message }));
    }),
  );
  const messages = said.flat().map(({ session_id, message }) => {
    const { message_id, seq, role, content, name, created_at } = message;
    return { session_id, message_id, seq, role, content, ...(name && { name }), timestamp: created_at };
  });
  return { answer: { ...factView(fact), history: versionsOf(fact), messages }, etag };
}
