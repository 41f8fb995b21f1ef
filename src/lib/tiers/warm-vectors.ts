import type { OperationInput } from '@azure/cosmos';
import { z } from 'zod';
import type { UserRecord } from '../model.ts';
import { Neighbour, type Vector, VectorState, vectorPath } from '../model-vectors.ts';
import { type CosmosGate, type Statement, type Stored, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';

const Hashed = z.object({ id: z.string(), hash: z.string() });
const Held = z.object({ id: z.string(), item: z.string() });
const Named = z.object({ id: z.string() });
const PAGE = 100; // of a batch

/** The vectors of a user's memories in Cosmos. */
export function createWarmVectors(cosmos: CosmosGate) {
  /** Deletes; what is gone already is no error. */
  async function remove(owner: keys.Owner, ids: string[]): Promise<void> {
    const pk = keys.memoryPartition(owner);
    for (let from = 0; from < ids.length; from += PAGE) {
      const page = ids.slice(from, from + PAGE);
      const { failed } = await cosmos.batch(
        'memory',
        pk,
        page.map((id) => ({ operationType: 'Delete', id })),
      );
      if (failed) for (const id of page) await cosmos.remove('memory', { id, pk });
    }
  }

  return {
    remove,

    readState: (owner: keys.Owner): Promise<Stored<VectorState> | undefined> =>
      cosmos.read('memory', VectorState, { id: keys.VECTOR_STATE_ID, pk: keys.memoryPartition(owner) }),

    /** False when somebody else moved it. */
    writeState: (state: VectorState, etag: string | undefined): Promise<boolean> =>
      etag === undefined ? cosmos.create('memory', state) : cosmos.replace('memory', state, etag),

    /** Which of these vectors there are, and of which texts. */
    async listHashes(owner: keys.Owner, ids: string[]): Promise<Map<string, string>> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.id, c.hash FROM c WHERE c.pk = ${pk} AND ARRAY_CONTAINS(${ids}, c.id)`;
      const found = ids.length === 0 ? [] : await cosmos.query('memory', Hashed, { statement, pk });
      return new Map(found.map(({ id, hash }) => [id, hash]));
    },

    /** Ids of the summaries that search knows. */
    async listSummaries(owner: keys.Owner): Promise<string[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.id FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.SUMMARIES}) AND (c.level = 'session' OR c.level = 'rolling')`;
      return (await cosmos.query('memory', Named, { statement, pk })).map(({ id }) => id);
    },

    /** The vectors of facts, insights and summaries, with the ids of the documents that they stand for. */
    listDerived(owner: keys.Owner): Promise<{ id: string; item: string }[]> {
      const pk = keys.memoryPartition(owner);
      const [facts, insights, summaries] = [keys.FACTS, keys.INSIGHTS, keys.SUMMARIES].map((kind) => keys.VECTORS + kind);
      const statement = sql`SELECT c.id, c.item FROM c WHERE c.pk = ${pk} AND (STARTSWITH(c.id, ${facts ?? ''}) OR STARTSWITH(c.id, ${insights ?? ''}) OR STARTSWITH(c.id, ${summaries ?? ''}))`;
      return cosmos.query('memory', Held, { statement, pk });
    },

    /** Vectors by other models than this one; at most `limit`. */
    async listOthers(owner: keys.Owner, model: string, limit: number): Promise<string[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} c.id FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.VECTORS}) AND c.model != ${model}`;
      return (await cosmos.query('memory', Named, { statement, pk })).map(({ id }) => id);
    },

    /** Deletes the vectors of these documents, by whatever model, after the documents themselves. */
    async removeOf(owner: keys.Owner, items: string[]): Promise<void> {
      const pk = keys.memoryPartition(owner);
      for (let from = 0; from < items.length; from += PAGE) {
        const statement = beginningWithAny(pk, items.slice(from, from + PAGE).map(keys.vectorsOf));
        const found = await cosmos.query('memory', Named, { statement, pk });
        await remove(
          owner,
          found.map(({ id }) => id),
        );
      }
    },

    /**
     * Writes vectors in one batch, unless the user's memory changed or messages were purged since `user` was read; false then. So no
     * vector comes after those of its item were deleted for the last time.
     */
    async commit(owner: keys.Owner, user: UserRecord, vectors: Vector[]): Promise<boolean> {
      const operations = vectors.map((vector): OperationInput => ({ operationType: 'Upsert', resourceBody: vector as never }));
      return (await cosmos.batch('memory', keys.memoryPartition(owner), [unchanged(user), ...operations])).failed === undefined;
    },

    /** The items whose vectors by a model are most similar to a vector, most similar first. */
    neighbours(owner: keys.Owner, near: { model: string; vector: number[]; limit: number }): Promise<Neighbour[]> {
      const pk = keys.memoryPartition(owner);
      const similarity = `VectorDistance(c.${vectorPath(near.vector.length)}, @vector)`;
      const statement: Statement = {
        query: `SELECT TOP @limit c.item, c.seq, ${similarity} AS similarity FROM c WHERE c.pk = @pk AND STARTSWITH(c.id, @prefix) AND c.model = @model ORDER BY ${similarity}`,
        parameters: [
          { name: '@pk', value: pk },
          { name: '@prefix', value: keys.VECTORS },
          { name: '@model', value: near.model },
          { name: '@vector', value: near.vector },
          { name: '@limit', value: near.limit },
        ],
      };
      return cosmos.query('memory', Neighbour, { statement, pk });
    },
  };
}
export type WarmVectors = ReturnType<typeof createWarmVectors>;

function beginningWithAny(pk: string, prefixes: string[]): Statement {
  const conditions = prefixes.map((_, n) => `STARTSWITH(c.id, @p${n})`);
  const parameters = prefixes.map((value, n) => ({ name: `@p${n}`, value }));
  return {
    query: `SELECT c.id FROM c WHERE c.pk = @pk AND (${conditions.join(' OR ')})`,
    parameters: [{ name: '@pk', value: pk }, ...parameters],
  };
}

/** A batch may test a document only by changing it: the epoch is set to what it is. */
const unchanged = ({ user_epoch, memory_rev, purge_rev }: UserRecord): OperationInput => ({
  operationType: 'Patch',
  id: keys.USER_ID,
  resourceBody: {
    operations: [{ op: 'set', path: '/user_epoch', value: user_epoch }],
    condition: `FROM c WHERE c.user_epoch = ${user_epoch} AND c.memory_rev = ${memory_rev} AND ${purgeCondition(purge_rev)}`,
  },
});

const purgeCondition = (rev: number | undefined): string => (rev === undefined ? 'NOT IS_DEFINED(c.purge_rev)' : `c.purge_rev = ${rev}`);
