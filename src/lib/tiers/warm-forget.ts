import type { OperationInput, PatchOperation } from '@azure/cosmos';
import { z } from 'zod';
import type { SessionHead, UserRecord } from '../model.ts';
import { Fact, Insight } from '../model-memory.ts';
import { type CosmosGate, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';
import { bumpMemory } from './warm-memory.ts';

const Named = z.object({ id: z.string() });

/** What a step of forgetting writes, in one batch with the next revision of the user's memory. */
export interface Forgotten {
  owner: keys.Owner;
  /** The step counts only if the memory is still as it was read. */
  user: UserRecord;
  replaced: (Fact | Insight)[];
  deleted: string[];
}

/** What has to go, and to change, when a session is forgotten. */
export function createWarmForget(cosmos: CosmosGate) {
  return {
    /** Facts of any status that rest on a session, among others perhaps. */
    listFacts(owner: keys.Owner, session: string, limit: number): Promise<Fact[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'fact' AND EXISTS(SELECT VALUE s FROM s IN c.sources WHERE s.session_id = ${session})`;
      return cosmos.query('memory', Fact, { statement, pk });
    },

    /** Facts that were closed by one of these. */
    listClosedBy(owner: keys.Owner, factIds: string[]): Promise<Fact[]> {
      if (factIds.length === 0) return Promise.resolve([]);
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND c.kind = 'fact' AND c.status = 'closed' AND ARRAY_CONTAINS(${factIds}, c.superseded_by)`;
      return cosmos.query('memory', Fact, { statement, pk });
    },

    listInsights(owner: keys.Owner, session: string, limit: number): Promise<Insight[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'insight' AND c.session_id = ${session}`;
      return cosmos.query('memory', Insight, { statement, pk });
    },

    /** Which of these documents are there. */
    async existing(owner: keys.Owner, ids: string[]): Promise<Set<string>> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.id FROM c WHERE c.pk = ${pk} AND ARRAY_CONTAINS(${ids}, c.id)`;
      return new Set((await cosmos.query('memory', Named, { statement, pk })).map(({ id }) => id));
    },

    /** One step; false when the user's memory changed meanwhile. */
    async commit({ owner, user, replaced, deleted }: Forgotten): Promise<boolean> {
      const unchanged = `FROM c WHERE c.user_epoch = ${user.user_epoch} AND c.memory_rev = ${user.memory_rev}`;
      const operations: OperationInput[] = [
        bumpMemory({ condition: unchanged }),
        ...replaced.map((one): OperationInput => ({ operationType: 'Replace', id: one.id, resourceBody: one as never })),
        ...deleted.map((id): OperationInput => ({ operationType: 'Delete', id })),
      ];
      return (await cosmos.batch('memory', keys.memoryPartition(owner), operations)).failed === undefined;
    },

    /** Ids of the profiles before a revision. */
    async listOlderProfiles(owner: keys.Owner, rev: number): Promise<string[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.id FROM c WHERE c.pk = ${pk} AND c.kind = 'profile' AND c.rev < ${rev}`;
      return (await cosmos.query('memory', Named, { statement, pk })).map(({ id }) => id);
    },

    /** Deletes the caller's state of a session; false when the session was started over or the state is gone already. */
    async removeState(head: SessionHead): Promise<boolean> {
      const operations: OperationInput[] = [
        changeHead(head, { op: 'remove', path: '/has_state' }, 'c.has_state = true'),
        { operationType: 'Delete', id: keys.stateId(head.session_id) },
      ];
      return (await cosmos.batch('memory', head.pk, operations)).failed === undefined;
    },

    /** Deletes a head under which nothing was stored since it was read; false when something was. */
    async removeHead(head: SessionHead): Promise<boolean> {
      const untouched = `c.last_seq = ${head.last_seq} AND NOT IS_DEFINED(c.has_state)`;
      const operations: OperationInput[] = [
        changeHead(head, { op: 'set', path: '/expired_epoch', value: head.epoch }, untouched),
        { operationType: 'Delete', id: head.id },
      ];
      return (await cosmos.batch('memory', head.pk, operations)).failed === undefined;
    },

    removeIdleNote(tenant: string, session: string): Promise<boolean> {
      const id = keys.dueId('idle', tenant, session);
      return cosmos.remove('directory', { id, pk: keys.directoryPartition(id) });
    },
  };
}

/** The JavaScript SDK deletes without a condition, so the condition is that of a patch in the same batch. */
const changeHead = ({ id, epoch }: SessionHead, operation: PatchOperation, condition: string): OperationInput => ({
  operationType: 'Patch',
  id,
  resourceBody: { operations: [operation], condition: `FROM c WHERE c.epoch = ${epoch} AND ${condition}` },
});
export type WarmForget = ReturnType<typeof createWarmForget>;
