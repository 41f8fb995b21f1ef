import type { OperationInput } from '@azure/cosmos';
import type { SessionHead } from '../model.ts';
import { SessionState } from '../model-memory.ts';
import type { CosmosGate, Stored } from './cosmos-gate.ts';
import * as keys from './keys.ts';

/** What callers keep with their sessions, in Cosmos: one document a session, which is there only while its head is. */
export function createWarmState(cosmos: CosmosGate) {
  return {
    read: (owner: keys.Owner, session: string): Promise<Stored<SessionState> | undefined> =>
      cosmos.read('memory', SessionState, { id: keys.stateId(session), pk: keys.memoryPartition(owner) }),

    /**
     * Writes the document in the place of the one with the etag `was`, or as the first; answers its etag, undefined when somebody else
     * was faster or the session is gone. The first time its head learns of it, in the same batch.
     */
    async put(document: SessionState, { head, was }: { head: SessionHead; was: string | undefined }): Promise<string | undefined> {
      const body = document as never;
      const operations: OperationInput[] = [
        head.has_state ? { operationType: 'Read', id: head.id } : hasState(head),
        was === undefined
          ? { operationType: 'Create', resourceBody: body }
          : { operationType: 'Replace', id: document.id, resourceBody: body, ifMatch: was },
      ];
      const { failed, documents } = await cosmos.batch('memory', document.pk, operations);
      return failed ? undefined : String(documents[1]?._etag ?? '');
    },
  };
}
export type WarmState = ReturnType<typeof createWarmState>;

const hasState = ({ id, epoch }: SessionHead): OperationInput => ({
  operationType: 'Patch',
  id,
  resourceBody: { operations: [{ op: 'set', path: '/has_state', value: true }], condition: `FROM c WHERE c.epoch = ${epoch}` },
});
