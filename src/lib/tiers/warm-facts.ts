import type { OperationInput } from '@azure/cosmos';
import { AppendRecord, Marker, type Message, type UserRecord } from '../model.ts';
import { Fact } from '../model-memory.ts';
import { type CosmosGate, type Stored, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';
import { bumpMemory } from './warm-memory.ts';

/** Which facts are asked for; times are ISO, `from` and `to` included. */
export interface WantedFacts {
  /** Without it what holds, or with `as_of` what was believed then. */
  status?: Fact['status'] | 'all';
  topic?: string;
  session_id?: string;
  from?: string;
  to?: string;
  as_of?: string;
  limit: number;
  cursor: string | undefined;
}

/** What a change of facts writes, in one batch with the next revision of the user's memory. */
export interface FactChange {
  owner: keys.Owner;
  /** The change counts only if the memory is still as it was read. */
  user: UserRecord;
  facts: Fact[];
  deleted?: string[];
  marker?: Marker;
}

const ALWAYS = '9999';

/** Facts as records of their own in Cosmos: read, listed, written by hand. */
export function createWarmFacts(cosmos: CosmosGate) {
  const at = (owner: keys.Owner, id: string) => ({ id, pk: keys.memoryPartition(owner) });
  return {
    read: (owner: keys.Owner, fact: string): Promise<Stored<Fact> | undefined> => cosmos.read('memory', Fact, at(owner, keys.factId(fact))),

    readKey: async (owner: keys.Owner, key: string): Promise<Marker | undefined> =>
      (await cosmos.read('memory', Marker, at(owner, keys.factKeyId(key))))?.value,

    /** One page of facts, those that happened last first. */
    page(owner: keys.Owner, { status, topic, session_id, from = '', to = ALWAYS, as_of, ...page }: WantedFacts) {
      const pk = keys.memoryPartition(owner);
      const any = status === 'all';
      const one = status ?? (as_of === undefined ? 'current' : '');
      const believed = as_of ?? '';
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.FACTS}) AND (${any} OR c.status = ${one} OR (${one === ''} AND c.status != 'quarantined')) AND c.valid_from >= ${from} AND c.valid_from <= ${to} AND (${as_of === undefined} OR (c.valid_from <= ${believed} AND (IS_NULL(c.valid_to) OR c.valid_to > ${believed}))) AND (${topic === undefined} OR EXISTS(SELECT VALUE t FROM t IN c.topics WHERE LOWER(t) = ${(topic ?? '').toLowerCase()})) AND (${session_id === undefined} OR EXISTS(SELECT VALUE s FROM s IN c.sources WHERE s.session_id = ${session_id ?? ''})) ORDER BY c.valid_from DESC`;
      return cosmos.page('memory', Fact, { statement, pk, ...page });
    },

    /** Facts of every status, up to `limit`. */
    listAll(owner: keys.Owner, limit: number): Promise<Fact[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.FACTS})`;
      return cosmos.query('memory', Fact, { statement, pk });
    },

    /** Facts that nobody may rely on before somebody decided, newest first. */
    listQuarantined(owner: keys.Owner, limit = 200): Promise<Fact[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.FACTS}) AND c.status = 'quarantined' ORDER BY c.created_at DESC`;
      return cosmos.query('memory', Fact, { statement, pk });
    },

    /** Current facts that the user pinned or edited. */
    listHandled(owner: keys.Owner, limit = 100): Promise<Fact[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.FACTS}) AND c.status = 'current' AND (c.pinned = true OR IS_DEFINED(c.history)) ORDER BY c.updated_at DESC`;
      return cosmos.query('memory', Fact, { statement, pk });
    },

    /** The messages of a session with these seqs, whatever epoch they lie in, with when their store was. */
    async readMessages(owner: keys.Owner, session: string, seqs: number[]): Promise<Message[]> {
      if (seqs.length === 0) return [];
      const pk = keys.memoryPartition(owner);
      const [least, most] = [Math.min(...seqs), Math.max(...seqs)];
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.appendsOf(session)}) AND c.last_seq >= ${least} AND c.first_seq <= ${most} AND EXISTS(SELECT VALUE m FROM m IN c.messages WHERE ARRAY_CONTAINS(${seqs}, m.seq)) ORDER BY c.first_seq`;
      const records = await cosmos.query('memory', AppendRecord, { statement, pk });
      const wanted = new Set(seqs);
      return records.flatMap((record) => record.messages).filter((message) => wanted.has(message.seq));
    },

    /** The messages of a session with these ids. */
    async findMessages(owner: keys.Owner, session: string, messageIds: string[]): Promise<Message[]> {
      if (messageIds.length === 0) return [];
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.appendsOf(session)}) AND EXISTS(SELECT VALUE m FROM m IN c.messages WHERE ARRAY_CONTAINS(${messageIds}, m.message_id)) ORDER BY c.first_seq`;
      const records = await cosmos.query('memory', AppendRecord, { statement, pk });
      const wanted = new Set(messageIds);
      return records.flatMap((record) => record.messages).filter((message) => wanted.has(message.message_id));
    },

    /** Writes facts by hand; false when the user's memory changed meanwhile, or the marker's key was used meanwhile. */
    async change({ owner, user, facts, deleted = [], marker }: FactChange): Promise<boolean> {
      const unchanged = `FROM c WHERE c.user_epoch = ${user.user_epoch} AND c.memory_rev = ${user.memory_rev}`;
      const operations: OperationInput[] = [
        bumpMemory({ condition: unchanged }),
        ...facts.map((fact): OperationInput => ({ operationType: 'Upsert', resourceBody: fact as never })),
        ...deleted.map((id): OperationInput => ({ operationType: 'Delete', id })),
        ...(marker ? [{ operationType: 'Create', resourceBody: marker as never } as OperationInput] : []),
      ];
      return (await cosmos.batch('memory', keys.memoryPartition(owner), operations)).failed === undefined;
    },
  };
}
export type WarmFacts = ReturnType<typeof createWarmFacts>;
