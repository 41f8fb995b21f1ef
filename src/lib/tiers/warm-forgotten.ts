import type { OperationInput } from '@azure/cosmos';
import { z } from 'zod';
import type { SessionHead, UserRecord } from '../model.ts';
import { Forgotten, Summary } from '../model-memory.ts';
import { type CosmosGate, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';
import { bumpMemory, forgetCondition } from './warm-memory.ts';

const A_BATCH = 40;
/** As it is stored: what is written back keeps its life, and only in the place of what was read. */
const StoredSummary = Summary.extend({ _etag: z.string(), ttl: z.number().optional() });
export type StoredSummary = z.infer<typeof StoredSummary>;

/** What was forgotten, and what still says it, in Cosmos. */
export function createWarmForgotten(cosmos: CosmosGate) {
  return {
    /** Everything of a user that was forgotten. */
    list(owner: keys.Owner): Promise<Forgotten[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.FORGOTTEN})`;
      return cosmos.query('memory', Forgotten, { statement, pk });
    },

    /** Notes what is to be forgotten; from here on no job that began before commits. False when the memory changed meanwhile. */
    async bury(owner: keys.Owner, user: UserRecord, buried: Forgotten[]): Promise<boolean> {
      const operations: OperationInput[] = [
        bumpMemory({ forgets: user, condition: `${forgetCondition(user)} AND c.memory_rev = ${user.memory_rev}` }),
        ...buried.map((forgotten): OperationInput => ({ operationType: 'Upsert', resourceBody: forgotten as never })),
      ];
      return (await cosmos.batch('memory', keys.memoryPartition(owner), operations)).failed === undefined;
    },

    /** Notes that nothing says it any more. */
    async settle(owner: keys.Owner, settled: Forgotten[]): Promise<void> {
      for (let from = 0; from < settled.length; from += A_BATCH) {
        const page = settled.slice(from, from + A_BATCH);
        const operations = page.map((one): OperationInput => ({ operationType: 'Upsert', resourceBody: one as never }));
        await cosmos.batch('memory', keys.memoryPartition(owner), operations);
      }
    },

    /** All summaries of a user that have a text. */
    listSummaries(owner: keys.Owner): Promise<StoredSummary[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.SUMMARIES}) AND c.level != 'cleared'`;
      return cosmos.query('memory', StoredSummary, { statement, pk });
    },

    /**
     * Rewrites summaries of one session in their place. The head changes too, so that no copy with the old text passes for the current
     * one. False when one of them changed meanwhile.
     */
    async rewrite(owner: keys.Owner, head: SessionHead | undefined, summaries: StoredSummary[]): Promise<boolean> {
      const touch = (id: string, value: number): OperationInput => ({
        operationType: 'Patch',
        id,
        resourceBody: { operations: [{ op: 'set', path: '/rewritten', value }] },
      });
      const operations: OperationInput[] = [
        bumpMemory(),
        ...(head ? [touch(head.id, (head.rewritten ?? 0) + 1)] : []),
        ...summaries.map(
          ({ _etag, ...summary }): OperationInput => ({
            operationType: 'Replace',
            id: summary.id,
            resourceBody: summary as never,
            ifMatch: _etag,
          }),
        ),
      ];
      return (await cosmos.batch('memory', keys.memoryPartition(owner), operations)).failed === undefined;
    },
  };
}
export type WarmForgotten = ReturnType<typeof createWarmForgotten>;
