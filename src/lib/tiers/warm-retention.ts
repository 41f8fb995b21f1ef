import type { OperationInput } from '@azure/cosmos';
import { z } from 'zod';
import { AppendRecord, type SessionHead } from '../model.ts';
import { Summary } from '../model-memory.ts';
import { type CosmosGate, type Stored, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';

const Named = z.object({ id: z.string() });
const MAX_DELETIONS = 99; // in a batch of 100 beside the condition

/** What retention reads and deletes of one session in Cosmos, in bounded pages. */
export function createWarmRetention(cosmos: CosmosGate) {
  return {
    /** Append records of all epochs after a seq, in the order in which they were stored. */
    pageAppends(owner: keys.Owner, session: string, { after, limit }: { after: number; limit: number }): Promise<AppendRecord[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'append' AND c.session_id = ${session} AND c.first_seq > ${after} ORDER BY c.first_seq`;
      return cosmos.query('memory', AppendRecord, { statement, pk });
    },

    /** Summaries of a session, of every level, in the order of their ids. */
    pageSummaries(owner: keys.Owner, session: string, { after, limit }: { after: string; limit: number }): Promise<Summary[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'summary' AND c.session_id = ${session} AND c.id > ${after} ORDER BY c.id`;
      return cosmos.query('memory', Summary, { statement, pk });
    },

    /**
     * Deletes some of what the epochs before `epoch` left (messages, markers, summaries, their vectors); false when nothing is left, or the head is
     * not in that epoch any more. The batch asks the head itself: a run that was stopped for minutes and wakes up after its session
     * was deleted and made anew must not delete what the new one said.
     */
    async removeEarlier(owner: keys.Owner, session: string, epoch: number): Promise<boolean> {
      const pk = keys.memoryPartition(owner);
      const [appends, markers, summaries] = keys.sessionPrefixes(session);
      const [a, k, y] = keys.sessionPrefixes(session, epoch);
      const [appendVectors, summaryVectors] = keys.sessionVectors(session);
      const [va, vy] = keys.sessionVectors(session, epoch);
      const statement = sql`SELECT TOP ${MAX_DELETIONS} c.id FROM c WHERE c.pk = ${pk} AND (STARTSWITH(c.id, ${appends}) OR STARTSWITH(c.id, ${markers}) OR STARTSWITH(c.id, ${summaries}) OR STARTSWITH(c.id, ${appendVectors}) OR STARTSWITH(c.id, ${summaryVectors})) AND NOT (STARTSWITH(c.id, ${a}) OR STARTSWITH(c.id, ${k}) OR STARTSWITH(c.id, ${y}) OR STARTSWITH(c.id, ${va}) OR STARTSWITH(c.id, ${vy}))`;
      const found = await cosmos.query('memory', Named, { statement, pk });
      if (found.length === 0) return false;
      const deletions = found.map(({ id }): OperationInput => ({ operationType: 'Delete', id }));
      const { failed } = await cosmos.batch('memory', pk, [stillIn(session, epoch), ...deletions]);
      return failed?.index !== 0; // a marker that expired meanwhile fails the batch too; the next page no longer has it
    },

    /** Deletes the head, if it is still the one that was read. */
    removeHead: (head: Stored<SessionHead>): Promise<boolean> =>
      cosmos.remove('memory', { id: head.value.id, pk: head.value.pk }, head.etag),
  };
}

/** Changes nothing, and fails its batch when the head has left that epoch. */
const stillIn = (session: string, epoch: number): OperationInput => ({
  operationType: 'Patch',
  id: keys.headId(session),
  resourceBody: {
    operations: [{ op: 'set', path: '/expired_epoch', value: epoch }],
    condition: `FROM c WHERE c.epoch = ${epoch} AND c.expired_epoch = ${epoch}`,
  },
});
export type WarmRetention = ReturnType<typeof createWarmRetention>;
