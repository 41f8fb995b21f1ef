import type { OperationInput } from '@azure/cosmos';
import { z } from 'zod';
import type { UserRecord } from '../model.ts';
import { Changed, Findable, type Segment, SessionLength, StoredSegment } from '../model-search.ts';
import { type CosmosGate, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';

/** What search reads and writes in a user's partition. */
export function createWarmSearch(cosmos: CosmosGate) {
  return {
    /** The search index of a user, oldest segment first. */
    listSegments(owner: keys.Owner): Promise<StoredSegment[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.SEGMENTS}) ORDER BY c.id`;
      return cosmos.query('memory', StoredSegment, { statement, pk });
    },

    /** Messages stored at or after `since` (`_ts`, seconds), in no order. */
    listAppendsSince(owner: keys.Owner, since: number): Promise<Findable[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.APPENDS}) AND c._ts >= ${since}`;
      return cosmos.query('memory', Findable, { statement, pk });
    },

    /** Facts, insights and summaries of whole sessions, in no order. */
    listDerived(owner: keys.Owner): Promise<Findable[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND (STARTSWITH(c.id, ${keys.FACTS}) OR STARTSWITH(c.id, ${keys.INSIGHTS}) OR (STARTSWITH(c.id, ${keys.SUMMARIES}) AND (c.level = 'session' OR c.level = 'rolling')))`;
      return cosmos.query('memory', Findable, { statement, pk });
    },

    /** What was written at or after `since` (`_ts`, seconds): ids and versions. The user record says whether messages were purged. */
    listChanged(owner: keys.Owner, since: number): Promise<Changed[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.id, c._ts, c._etag, c.purge_rev, c.forget_rev FROM c WHERE c.pk = ${pk} AND c._ts >= ${since} AND (STARTSWITH(c.id, ${keys.APPENDS}) OR STARTSWITH(c.id, ${keys.FACTS}) OR STARTSWITH(c.id, ${keys.INSIGHTS}) OR STARTSWITH(c.id, ${keys.SUMMARIES}) OR c.id = ${keys.USER_ID})`;
      return cosmos.query('memory', Changed, { statement, pk });
    },

    /**
     * Those of the documents that are there, in no order; at most 100 ids. One request while all are there: a batch of reads fails as a
     * whole when one is missing, and a query costs two requests.
     */
    async readFindable(owner: keys.Owner, ids: string[]): Promise<Findable[]> {
      if (ids.length === 0) return [];
      const pk = keys.memoryPartition(owner);
      if (ids.length <= MAX_READS) {
        const reads = ids.map((id): OperationInput => ({ operationType: 'Read', id }));
        const { failed, documents } = await cosmos.batch('memory', pk, reads);
        if (!failed) return documents.map((document) => Findable.parse(document));
      }
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND ARRAY_CONTAINS(${ids}, c.id)`;
      return cosmos.query('memory', Findable, { statement, pk });
    },

    /** How many messages the segments hold together. */
    async countIndexed(owner: keys.Owner): Promise<number> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.messages FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.SEGMENTS})`;
      const found = await cosmos.query('memory', z.object({ messages: z.number() }), { statement, pk });
      return found.reduce((sum, { messages }) => sum + messages, 0);
    },

    /** How many messages each session has. */
    listLengths(owner: keys.Owner): Promise<SessionLength[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT c.session_id, c.epoch, c.epoch_seq, c.last_seq FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.HEADS})`;
      return cosmos.query('memory', SessionLength, { statement, pk });
    },

    /** The append records of one epoch of a session. */
    listAppendsOf(owner: keys.Owner, session: string, epoch: number): Promise<Findable[]> {
      const pk = keys.memoryPartition(owner);
      const [appends] = keys.sessionPrefixes(session, epoch);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${appends})`;
      return cosmos.query('memory', Findable, { statement, pk });
    },

    /** Writes a segment, unless messages of the user were purged since `user` was read, or the segment is not `etag` any more; false then. */
    async commitSegment(
      owner: keys.Owner,
      segment: Segment,
      { user, etag }: { user: UserRecord; etag: string | undefined },
    ): Promise<boolean> {
      const operation: OperationInput = etag
        ? { operationType: 'Replace', id: segment.id, resourceBody: segment as never, ifMatch: etag }
        : { operationType: 'Create', resourceBody: segment as never };
      const { failed } = await cosmos.batch('memory', keys.memoryPartition(owner), [unpurged(user), operation]);
      return failed === undefined;
    },

    /** Changes segments and says that messages were purged; false when one was changed meanwhile. */
    async purgeSegments(owner: keys.Owner, changed: { segment: Segment; etag: string }[]): Promise<boolean> {
      const operations = changed.map(
        ({ segment, etag }): OperationInput => ({
          operationType: 'Replace',
          id: segment.id,
          resourceBody: segment as never,
          ifMatch: etag,
        }),
      );
      const { failed } = await cosmos.batch('memory', keys.memoryPartition(owner), [PURGED, ...operations]);
      return failed === undefined || failed.index === 0; // without a user record nobody has written anything yet
    },
  };
}
export type WarmSearch = ReturnType<typeof createWarmSearch>;

const MAX_READS = 20; // more answer in several megabytes, which a query splits into pages

const PURGED: OperationInput = {
  operationType: 'Patch',
  id: keys.USER_ID,
  resourceBody: { operations: [{ op: 'incr', path: '/purge_rev', value: 1 }] },
};

/** Changes nothing that anybody reads, and fails its batch when messages were purged or the user was erased since. */
const unpurged = ({ user_epoch, purge_rev }: UserRecord): OperationInput => ({
  operationType: 'Patch',
  id: keys.USER_ID,
  resourceBody: {
    operations: [{ op: 'set', path: '/user_epoch', value: user_epoch }],
    condition: `FROM c WHERE c.user_epoch = ${user_epoch} AND ${purge_rev === undefined ? 'NOT IS_DEFINED(c.purge_rev)' : `c.purge_rev = ${purge_rev}`}`,
  },
});
