import type { OperationInput } from '@azure/cosmos';
import { Marker } from '../model.ts';
import { Member, Transcript } from '../model-transcripts.ts';
import { type CosmosGate, type Stored, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';

/** What of a namespace is asked for. */
export interface WantedMembers {
  session_id?: string;
  /** This user's only. */
  user_id?: string;
  /** Everybody's but this user's. */
  except?: string;
  limit: number;
}

/** Transcript records, each with its user, and the index that leads from a namespace to them. */
export function createWarmTranscripts(cosmos: CosmosGate) {
  const at = (owner: keys.Owner, id: string) => ({ id, pk: keys.memoryPartition(owner) });
  return {
    read: (owner: keys.Owner, rawId: string): Promise<Stored<Transcript> | undefined> =>
      cosmos.read('memory', Transcript, at(owner, keys.transcriptId(rawId))),

    readKey: async (owner: keys.Owner, key: string): Promise<Marker | undefined> =>
      (await cosmos.read('memory', Marker, at(owner, keys.transcriptKeyId(key))))?.value,

    /** Creates the record and the marker of its Idempotency-Key together; false when one of them is there already. */
    async create(record: Transcript, marker: Marker | undefined): Promise<boolean> {
      if (!marker) return cosmos.create('memory', record);
      const operations = [record, marker].map((document): OperationInput => {
        return { operationType: 'Create', resourceBody: document as never };
      });
      return (await cosmos.batch('memory', record.pk, operations)).failed === undefined;
    },
    createKey: (marker: Marker): Promise<boolean> => cosmos.create('memory', marker),
    replace: (record: Transcript, etag: string): Promise<boolean> => cosmos.replace('memory', record, etag),

    /** Deletes the record and what leads to it from its namespace. */
    async remove({ id, pk, user_id, namespace, raw_memory_id }: Transcript): Promise<void> {
      const [tenant = ''] = pk.split('|');
      if (user_id !== null) {
        const member = keys.memberId(tenant, namespace, { user_id, raw_memory_id });
        await cosmos.remove('directory', { id: member, pk: keys.memberPartition(tenant, namespace) });
      }
      await cosmos.remove('memory', { id, pk });
    },

    /** Processed before `until` (ISO) and with their text still there, the oldest first; of one namespace, or all of the owner's. */
    listProcessed(owner: keys.Owner, { until, namespace, limit }: { until: string; namespace?: string; limit: number }) {
      const pk = keys.memoryPartition(owner);
      const any = namespace === undefined;
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'transcript' AND c.status = 'processed' AND IS_NULL(c.expired_at) AND c.processed_at <= ${until} AND (${any} OR c.namespace = ${namespace ?? ''}) ORDER BY c.processed_at`;
      return cosmos.query('memory', Transcript, { statement, pk });
    },

    putMember: (member: Member): Promise<void> => cosmos.upsert('directory', member),

    /** Transcripts of a namespace, those that happened last first. */
    listMembers(tenant: string, namespace: string, { session_id, user_id, except, limit }: WantedMembers): Promise<Member[]> {
      const pk = keys.memberPartition(tenant, namespace);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'member' AND c.tenant = ${tenant} AND c.namespace = ${namespace} AND (${session_id === undefined} OR c.session_id = ${session_id ?? ''}) AND (${user_id === undefined} OR c.user_id = ${user_id ?? ''}) AND (${except === undefined} OR c.user_id != ${except ?? ''}) ORDER BY c.created_at DESC`;
      return cosmos.query('directory', Member, { statement, pk });
    },
  };
}
export type WarmTranscripts = ReturnType<typeof createWarmTranscripts>;
