import { z } from 'zod';
import { SessionHead } from '../model.ts';
import { Fact } from '../model-memory.ts';
import { Transcript } from '../model-transcripts.ts';
import { type CosmosGate, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';

/** What of one user's memory is asked for: of some sessions or all, when it happened (ISO, both included), how many. */
export interface Wanted {
  sessions?: string[];
  from?: string;
  to?: string;
  limit: number;
}

const ALWAYS = '9999';
const Link = z.object({ session_id: z.string(), raw_memory_id: z.string() });
const FactSources = z.object({ fact_id: z.string(), sources: Fact.shape.sources });
const Count = z.object({ n: z.number() });
const ByStatus = z.object({ status: Transcript.shape.status, n: z.number(), bytes: z.number() });

/** The three levels of one user's memory in Cosmos, newest first by when it happened, and what leads from one to another. */
export function createWarmHierarchy(cosmos: CosmosGate) {
  async function count(statement: ReturnType<typeof sql>, pk: string): Promise<number> {
    const [row] = await cosmos.query('memory', Count, { statement, pk });
    return row?.n ?? 0;
  }
  return {
    /** Current facts with a source in one of the sessions. */
    listFacts(owner: keys.Owner, { sessions, from = '', to = ALWAYS, limit }: Wanted): Promise<Fact[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'fact' AND c.status = 'current' AND c.valid_from >= ${from} AND c.valid_from <= ${to} AND (${sessions === undefined} OR EXISTS(SELECT VALUE s FROM s IN c.sources WHERE ARRAY_CONTAINS(${sessions ?? []}, s.session_id))) ORDER BY c.valid_from DESC`;
      return cosmos.query('memory', Fact, { statement, pk });
    },

    /** Sessions that have a summary. */
    listSummarised(owner: keys.Owner, { sessions, from = '', to = ALWAYS, limit }: Wanted): Promise<SessionHead[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'session' AND IS_STRING(c.summary_id) AND c.started_at >= ${from} AND c.started_at <= ${to} AND (${sessions === undefined} OR ARRAY_CONTAINS(${sessions ?? []}, c.session_id)) ORDER BY c.started_at DESC`;
      return cosmos.query('memory', SessionHead, { statement, pk });
    },

    listTranscripts(owner: keys.Owner, { sessions, from = '', to = ALWAYS, limit }: Wanted): Promise<Transcript[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'transcript' AND c.created_at >= ${from} AND c.created_at <= ${to} AND (${sessions === undefined} OR ARRAY_CONTAINS(${sessions ?? []}, c.session_id)) ORDER BY c.created_at DESC`;
      return cosmos.query('memory', Transcript, { statement, pk });
    },

    /** Which transcripts belong to these sessions. */
    linkTranscripts(owner: keys.Owner, sessions: string[]): Promise<z.infer<typeof Link>[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.session_id, c.raw_memory_id FROM c WHERE c.pk = ${pk} AND c.kind = 'transcript' AND ARRAY_CONTAINS(${sessions}, c.session_id)`;
      return cosmos.query('memory', Link, { statement, pk });
    },

    /** Which current facts rest on these sessions. */
    linkFacts(owner: keys.Owner, sessions: string[]): Promise<z.infer<typeof FactSources>[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.fact_id, c.sources FROM c WHERE c.pk = ${pk} AND c.kind = 'fact' AND c.status = 'current' AND EXISTS(SELECT VALUE s FROM s IN c.sources WHERE ARRAY_CONTAINS(${sessions}, s.session_id))`;
      return cosmos.query('memory', FactSources, { statement, pk });
    },

    countFacts(owner: keys.Owner, sessions: string[] | undefined): Promise<number> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT COUNT(1) AS n FROM c WHERE c.pk = ${pk} AND c.kind = 'fact' AND c.status = 'current' AND (${sessions === undefined} OR EXISTS(SELECT VALUE s FROM s IN c.sources WHERE ARRAY_CONTAINS(${sessions ?? []}, s.session_id)))`;
      return count(statement, pk);
    },

    /** Sessions, or those of them that have a summary. */
    countSessions(owner: keys.Owner, sessions: string[] | undefined, { summarised }: { summarised: boolean }): Promise<number> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT COUNT(1) AS n FROM c WHERE c.pk = ${pk} AND c.kind = 'session' AND (${!summarised} OR IS_STRING(c.summary_id)) AND (${sessions === undefined} OR ARRAY_CONTAINS(${sessions ?? []}, c.session_id))`;
      return count(statement, pk);
    },

    /** Transcripts and the bytes of their texts, by what became of them. */
    countTranscripts(owner: keys.Owner, sessions: string[] | undefined): Promise<z.infer<typeof ByStatus>[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.status, COUNT(1) AS n, SUM(c.bytes) AS bytes FROM c WHERE c.pk = ${pk} AND c.kind = 'transcript' AND (${sessions === undefined} OR ARRAY_CONTAINS(${sessions ?? []}, c.session_id)) GROUP BY c.status`;
      return cosmos.query('memory', ByStatus, { statement, pk });
    },

    /** Transcripts whose text retention has deleted. */
    countExpired(owner: keys.Owner, sessions: string[] | undefined): Promise<number> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT COUNT(1) AS n FROM c WHERE c.pk = ${pk} AND c.kind = 'transcript' AND IS_STRING(c.expired_at) AND (${sessions === undefined} OR ARRAY_CONTAINS(${sessions ?? []}, c.session_id))`;
      return count(statement, pk);
    },
  };
}
export type WarmHierarchy = ReturnType<typeof createWarmHierarchy>;
