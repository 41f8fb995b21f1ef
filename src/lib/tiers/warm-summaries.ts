import { z } from 'zod';
import type { SessionHead } from '../model.ts';
import { Summary } from '../model-memory.ts';
import { type CosmosGate, type Statement, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';

const Named = z.object({ id: z.string() });
const MAX_DELETIONS = 100; // of a batch

/** The summaries of one session in Cosmos: their history, their number, their end. */
export function createWarmSummaries(cosmos: CosmosGate) {
  async function count(statement: Statement, pk: string): Promise<number> {
    return (await cosmos.query('memory', z.number(), { statement, pk }))[0] ?? 0;
  }

  return {
    /**
     * What was written, newest first, of one epoch or of all; not how the rolling one was put together, nor what another one replaced
     * (that has a ttl).
     */
    listHistory(owner: keys.Owner, session: string, { epoch, limit }: { epoch: number | undefined; limit: number }): Promise<Summary[]> {
      const pk = keys.memoryPartition(owner);
      const levels = ['chunk', 'manual', 'session'];
      const statement =
        epoch === undefined
          ? sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'summary' AND c.session_id = ${session} AND ARRAY_CONTAINS(${levels}, c.level) AND NOT IS_DEFINED(c.ttl) ORDER BY c.created_at DESC`
          : sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'summary' AND c.session_id = ${session} AND c.epoch = ${epoch} AND ARRAY_CONTAINS(${levels}, c.level) AND NOT IS_DEFINED(c.ttl) ORDER BY c.created_at DESC`;
      return cosmos.query('memory', Summary, { statement, pk });
    },

    /** How many summaries an epoch has, how many of them were made of the buffer and by hand, and how often they were merged into one. */
    async figures(owner: keys.Owner, { session_id, epoch }: SessionHead) {
      const pk = keys.memoryPartition(owner);
      const of = (level: string) =>
        count(
          sql`SELECT VALUE COUNT(1) FROM c WHERE c.pk = ${pk} AND c.kind = 'summary' AND c.session_id = ${session_id} AND c.epoch = ${epoch} AND c.level = ${level} AND NOT IS_DEFINED(c.ttl)`,
          pk,
        );
      const merges = sql`SELECT VALUE COUNT(1) FROM c WHERE c.pk = ${pk} AND c.kind = 'summary' AND c.session_id = ${session_id} AND c.epoch = ${epoch} AND c.level = 'rolling' AND ARRAY_LENGTH(c.parts.chunks) = 0`;
      const [generated, manual, session, merged] = await Promise.all([of('chunk'), of('manual'), of('session'), count(merges, pk)]);
      return { summary_count: generated + manual + session, generated, manual, session, merged };
    },

    /** Ids of all summaries of a session, of every level that has a text, and of every epoch. */
    async listIds(owner: keys.Owner, session: string): Promise<string[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.id FROM c WHERE c.pk = ${pk} AND c.kind = 'summary' AND c.session_id = ${session} AND c.level != 'cleared'`;
      return (await cosmos.query('memory', Named, { statement, pk })).map(({ id }) => id);
    },

    /** Deletes documents of an owner by their ids; one that is gone already is no error. */
    async remove(owner: keys.Owner, ids: string[]): Promise<void> {
      const pk = keys.memoryPartition(owner);
      for (let from = 0; from < ids.length; from += MAX_DELETIONS) {
        const page = ids.slice(from, from + MAX_DELETIONS);
        const { failed } = await cosmos.batch(
          'memory',
          pk,
          page.map((id) => ({ operationType: 'Delete', id })),
        );
        if (failed) for (const id of page) await cosmos.remove('memory', { id, pk });
      }
    },

    /** Ranges that were cleared out of the buffer of an epoch. */
    listCleared(owner: keys.Owner, { session_id, epoch }: SessionHead): Promise<Summary[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND c.kind = 'summary' AND c.session_id = ${session_id} AND c.epoch = ${epoch} AND c.level = 'cleared' AND c.metadata.of = 'buffer'`;
      return cosmos.query('memory', Summary, { statement, pk });
    },
  };
}
export type WarmSummaries = ReturnType<typeof createWarmSummaries>;
