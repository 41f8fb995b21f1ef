import type { OperationInput, PatchOperation } from '@azure/cosmos';
import { AppendRecord, DirectoryEntry, Marker, type Message, SessionHead, UserRecord } from '../model.ts';
import type { DueEntry } from '../model-work.ts';
import { type CosmosGate, type Stored, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';
import { bumpMemory } from './warm-memory.ts';

/** What one append writes, all in one batch: the head moved, the record of its messages, the markers of its ids. */
export interface Append {
  owner: keys.Owner;
  from: { epoch: number; last_seq: number };
  change: Partial<SessionHead>;
  record: AppendRecord;
  markers: Marker[];
  /** The session had ended: it leaves the recent ones, so the memory's revision moves. */
  reopens: boolean;
  tokens: number;
}
export type Outcome =
  | { kind: 'committed'; head: SessionHead; etag: string; memoryEtag: string }
  | { kind: 'moved' }
  | { kind: 'gone' }
  | { kind: 'marked'; marker: Marker };

const setAll = (change: object): PatchOperation[] =>
  Object.entries(change).map(([name, value]) => ({ op: 'set', path: `/${name}`, value }));
const atHead = (from: { epoch: number; last_seq: number }) => `FROM c WHERE c.epoch = ${from.epoch} AND c.last_seq = ${from.last_seq}`;

/** Sessions in Cosmos: directory, heads, append records, markers. */
export function createWarmSessions(cosmos: CosmosGate) {
  const readHead = (owner: keys.Owner, session: string) =>
    cosmos.read('memory', SessionHead, { id: keys.headId(session), pk: keys.memoryPartition(owner) });
  const readUser = (owner: keys.Owner) => cosmos.read('memory', UserRecord, { id: keys.USER_ID, pk: keys.memoryPartition(owner) });

  return {
    readHead,
    readUser,

    readDirectory(tenant: string, session: string) {
      const id = keys.directoryId(tenant, session);
      return cosmos.read('directory', DirectoryEntry, { id, pk: keys.directoryPartition(id) });
    },

    /**
     * Claims a session id for an owner; the first wins, and every caller gets the winner's entry. An entry of the owner's own is
     * changed too, so that retention, which deletes entries that nothing lies under, notices that something is about to.
     */
    async claim(owner: keys.Owner, session: string, claimed_at: string): Promise<DirectoryEntry> {
      const id = keys.directoryId(owner.tenant, session);
      const at = { id, pk: keys.directoryPartition(id) };
      const entry = {
        ...at,
        kind: 'session',
        schema_version: 1,
        tenant: owner.tenant,
        session_id: session,
        user_id: owner.user_id,
        claimed_at,
      } as const;
      if (await cosmos.create('directory', entry)) return entry;
      const winner = await cosmos.read('directory', DirectoryEntry, at);
      if (winner && winner.value.user_id !== owner.user_id) return winner.value;
      const claimed = winner && (await cosmos.replace('directory', entry, winner.etag));
      return claimed ? entry : this.claim(owner, session, claimed_at);
    },

    /** The partition's user record, made when it is not there yet. */
    async ensureUser(owner: keys.Owner): Promise<void> {
      if (await readUser(owner)) return;
      const versions = { user_epoch: 0, memory_rev: 0, profile_rev: 0, sessions_ended: 0, erased_at: null };
      const at = { id: keys.USER_ID, pk: keys.memoryPartition(owner) } as const;
      await cosmos.create('memory', { ...at, kind: 'user', schema_version: 1, user_id: owner.user_id, ...versions } as UserRecord);
    },

    createHead: (head: SessionHead) => cosmos.create('memory', head),
    noteDue: (entry: DueEntry) => cosmos.upsert('directory', entry),

    /** Head and user record in one request: a batch of two reads in their partition. */
    async readHeadAndUser(owner: keys.Owner, session: string): Promise<{ head?: Stored<SessionHead>; user?: Stored<UserRecord> }> {
      const pk = keys.memoryPartition(owner);
      const reads: OperationInput[] = [
        { operationType: 'Read', id: keys.headId(session) },
        { operationType: 'Read', id: keys.USER_ID },
      ];
      const { failed, documents } = await cosmos.batch('memory', pk, reads);
      if (failed) {
        const [head, user] = await Promise.all([readHead(owner, session), readUser(owner)]);
        return { head, user };
      }
      const stored = (document: unknown) => ({ etag: String((document as { _etag: string })._etag) });
      return {
        head: { value: SessionHead.parse(documents[0]), ...stored(documents[0]) },
        user: { value: UserRecord.parse(documents[1]), ...stored(documents[1]) },
      };
    },

    /** One batch: the head moves only from exactly (epoch, last_seq); the user record is read along, which verifies its cached copy. */
    async append({ owner, from, change, record, markers, reopens, tokens }: Append): Promise<Outcome> {
      const grown: PatchOperation = { op: 'incr', path: '/buffer_tokens', value: tokens };
      const patch = { operations: [...setAll(change), grown], condition: atHead(from) };
      const operations: OperationInput[] = [
        { operationType: 'Patch', id: keys.headId(record.session_id), resourceBody: patch },
        { operationType: 'Create', resourceBody: record as never },
        ...markers.map((marker): OperationInput => ({ operationType: 'Create', resourceBody: marker as never })),
        reopens ? bumpMemory() : { operationType: 'Read', id: keys.USER_ID },
      ];
      const pk = keys.memoryPartition(owner);
      const { failed, documents } = await cosmos.batch('memory', pk, operations);
      if (!failed) {
        const etag = (at: number) => String(documents.at(at)?._etag ?? '');
        return { kind: 'committed', head: SessionHead.parse(documents[0]), etag: etag(0), memoryEtag: etag(-1) };
      }
      if (failed.status === 404) return { kind: 'gone' };
      const taken = markers[failed.index - 2];
      const marker = failed.status === 409 && taken ? await cosmos.read('memory', Marker, { id: taken.id, pk }) : undefined;
      return marker ? { kind: 'marked', marker: marker.value } : { kind: 'moved' };
    },

    /**
     * Changes the head without adding messages (end, start over), if it is still the one that was read. What a user's other
     * contexts say of recent sessions changes with it, so the memory's revision moves too.
     */
    async moveHead(owner: keys.Owner, head: Stored<SessionHead>, change: Partial<SessionHead>): Promise<boolean> {
      const moved = { ...head.value, ...change };
      const operations: OperationInput[] = [
        { operationType: 'Replace', id: moved.id, resourceBody: moved as never, ifMatch: head.etag },
        bumpMemory({ ended: change.status === 'ended' ? 1 : 0 }),
      ];
      return (await cosmos.batch('memory', keys.memoryPartition(owner), operations)).failed === undefined;
    },

    /** What became of a marker: the one that is stored under its id. */
    async readMarker(owner: keys.Owner, marker: { id: string }): Promise<Marker | undefined> {
      return (await cosmos.read('memory', Marker, { id: marker.id, pk: keys.memoryPartition(owner) }))?.value;
    },

    async readAppend(owner: keys.Owner, session: string, at: { epoch: number; first_seq: number }) {
      const id = keys.appendId(session, at.epoch, at.first_seq);
      return (await cosmos.read('memory', AppendRecord, { id, pk: keys.memoryPartition(owner) }))?.value;
    },

    /** Append records that hold messages after `after` up to `through`, oldest first, in one epoch. */
    async readAppends(
      owner: keys.Owner,
      session: string,
      range: { epoch: number; after: number; through: number },
    ): Promise<AppendRecord[]> {
      if (range.through <= range.after) return [];
      const pk = keys.memoryPartition(owner);
      const { least, most } = keys.appendIds(session, range.epoch, range);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND c.id >= ${least} AND c.id <= ${most} AND c.last_seq > ${range.after} ORDER BY c.id`;
      return await cosmos.query('memory', AppendRecord, { statement, pk });
    },

    /** Their messages in that range. */
    async readMessages(owner: keys.Owner, session: string, range: { epoch: number; after: number; through: number }): Promise<Message[]> {
      const records = await this.readAppends(owner, session, range);
      return records.flatMap((record) => record.messages).filter((m) => m.seq > range.after && m.seq <= range.through);
    },

    /** The first record after a seq, whatever its epoch: where a process that follows the cursor goes on. */
    async nextAppend(owner: keys.Owner, session: string, after: number): Promise<AppendRecord | undefined> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP 1 * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.appendsOf(session)}) AND c.last_seq > ${after} ORDER BY c.first_seq`;
      return (await cosmos.query('memory', AppendRecord, { statement, pk }))[0];
    },

    /** A user's sessions, last used first. */
    listSessions(owner: keys.Owner, { status, limit, cursor }: { status?: 'open' | 'ended'; limit: number; cursor?: string }) {
      const pk = keys.memoryPartition(owner);
      const statement = status
        ? sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.HEADS}) AND c.status = ${status} ORDER BY c.last_active_at DESC`
        : sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.HEADS}) ORDER BY c.last_active_at DESC`;
      return cosmos.page('memory', SessionHead, { statement, pk, limit, cursor });
    },

    /** Ended sessions, ended last first. */
    listEnded(owner: keys.Owner, limit: number): Promise<SessionHead[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.HEADS}) AND c.status = 'ended' ORDER BY c.ended_at DESC`;
      return cosmos.query('memory', SessionHead, { statement, pk });
    },
  };
}
export type WarmSessions = ReturnType<typeof createWarmSessions>;
