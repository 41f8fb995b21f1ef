import type { OperationInput, PatchOperation } from '@azure/cosmos';
import { AppendRecord, type Marker, type SessionHead, type UserRecord } from '../model.ts';
import { Fact, Insight, Profile, Summary } from '../model-memory.ts';
import { type CosmosGate, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';

/** What one reflection commits: all of it with the cursor, or none. */
export interface Reflected {
  owner: keys.Owner;
  session: string;
  /** The commit counts only if the cursor, the summary that it goes on from and the user's epoch are still these. */
  expects: { epoch: number; reflected_through: number; summary_id: string | null; user_epoch: number; memory_rev: number };
  /** Head fields to set; `summary_id` only while the session is still in that epoch. */
  change: Partial<SessionHead>;
  documents: (Summary | Fact | Insight)[];
  /** Id of the session summary that the new one replaces. */
  replaces?: string;
  /** Ids of what was forgotten and was said anew. */
  obsolete?: string[];
}

/** What one step of summarising commits. `tokens` leave the buffer. */
export interface Summarized {
  owner: keys.Owner;
  head: SessionHead;
  change: Partial<SessionHead>;
  tokens: number;
  documents: Summary[];
  /** Ids that must not be used twice. */
  markers?: Marker[];
  /** What other contexts of the user say changes too: the memory's revision moves. */
  forgets?: boolean;
  /** It counts only if the user forgot nothing since this was read. */
  user?: UserRecord;
}

/** Derived memory in Cosmos: summaries, facts, insights, profile. */
export function createWarmMemory(cosmos: CosmosGate) {
  return {
    async readProfile(owner: keys.Owner, rev: number): Promise<Profile | undefined> {
      if (rev === 0) return undefined;
      return (await cosmos.read('memory', Profile, { id: keys.profileId(rev), pk: keys.memoryPartition(owner) }))?.value;
    },

    /** Insights, newest first; `since` (ISO) leaves older ones out. */
    listInsights(owner: keys.Owner, { since = '', limit = 1000 }: { since?: string; limit?: number } = {}): Promise<Insight[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.INSIGHTS}) AND c.created_at >= ${since} ORDER BY c.created_at DESC`;
      return cosmos.query('memory', Insight, { statement, pk });
    },

    /** Current facts, newest first. */
    listFacts(owner: keys.Owner, limit = 1000): Promise<Fact[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.FACTS}) AND c.status = 'current' ORDER BY c.created_at DESC`;
      return cosmos.query('memory', Fact, { statement, pk });
    },

    /** Facts that no longer hold, closed last first. */
    listClosedFacts(owner: keys.Owner, limit = 100): Promise<Fact[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.FACTS}) AND c.status = 'closed' ORDER BY c.updated_at DESC`;
      return cosmos.query('memory', Fact, { statement, pk });
    },

    /** Summaries by their ids, in no order. */
    readSummaries(owner: keys.Owner, ids: string[]): Promise<Summary[]> {
      if (ids.length === 0) return Promise.resolve([]);
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.SUMMARIES}) AND ARRAY_CONTAINS(${ids}, c.id)`;
      return cosmos.query('memory', Summary, { statement, pk });
    },

    /** The newest session summary of one epoch of a session. */
    async latestSummary(owner: keys.Owner, session: string, epoch: number): Promise<Summary | undefined> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP 1 * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.summariesOf(session, epoch)}) AND c.level = 'session' ORDER BY c.to_seq DESC`;
      return (await cosmos.query('memory', Summary, { statement, pk }))[0];
    },

    /** Summaries, newest first; without those by hand, which the rolling ones contain, and ranges without a text. */
    listSummaries(owner: keys.Owner, limit = 1000): Promise<Summary[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.SUMMARIES}) AND c.level != 'cleared' AND c.level != 'manual' ORDER BY c.created_at DESC`;
      return cosmos.query('memory', Summary, { statement, pk });
    },

    /** The newest append records of all of a user's sessions. */
    listAppends(owner: keys.Owner, limit: number): Promise<AppendRecord[]> {
      const pk = keys.memoryPartition(owner);
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND STARTSWITH(c.id, ${keys.APPENDS}) ORDER BY c.stored_at DESC`;
      return cosmos.query('memory', AppendRecord, { statement, pk });
    },

    /** Cursor, summary, facts and insights in one batch; else which of the two had moved: the session's cursor or the user's memory. */
    async commitReflection({
      owner,
      session,
      expects,
      change,
      documents,
      replaces,
      obsolete = [],
    }: Reflected): Promise<'committed' | 'cursor' | 'memory'> {
      const cursor = `c.epoch = ${expects.epoch} AND c.reflected_through = ${expects.reflected_through}`;
      const atCursor = `FROM c WHERE ${cursor} AND c.summary_id = ${literal(expects.summary_id)}`;
      const operations: OperationInput[] = [
        patch(keys.headId(session), change, { condition: atCursor }),
        bumpMemory({ condition: `FROM c WHERE c.user_epoch = ${expects.user_epoch} AND c.memory_rev = ${expects.memory_rev}` }),
        ...documents.map((document): OperationInput => ({ operationType: 'Upsert', resourceBody: document as never })),
        ...(replaces === undefined ? [] : [patch(replaces, { ttl: REPLACED_SECONDS })]),
        ...obsolete.slice(0, MAX_OBSOLETE).map((id): OperationInput => ({ operationType: 'Delete', id })),
      ];
      const { failed } = await cosmos.batch('memory', keys.memoryPartition(owner), operations);
      if (!failed) return 'committed';
      return failed.index === 1 ? 'memory' : 'cursor';
    },

    async readRolling(owner: keys.Owner, id: string | null): Promise<Summary | undefined> {
      return id === null ? undefined : (await cosmos.read('memory', Summary, { id, pk: keys.memoryPartition(owner) }))?.value;
    },

    /** Summary cursor, chunk summary and rolling summary in one batch; false when the cursor had moved, or something was forgotten. */
    async commitSummary({ owner, head, change, tokens, documents, markers = [], forgets = false, user }: Summarized): Promise<boolean> {
      const cursor = `c.epoch = ${head.epoch} AND c.summarized_through = ${head.summarized_through}`;
      const atCursor = `FROM c WHERE ${cursor} AND c.rolling_id = ${literal(head.rolling_id)}`;
      const operations: OperationInput[] = [
        patch(keys.headId(head.session_id), change, { condition: atCursor, add: { buffer_tokens: -tokens } }),
        ...documents.map((document): OperationInput => ({ operationType: 'Upsert', resourceBody: document as never })),
        ...markers.map((marker): OperationInput => ({ operationType: 'Create', resourceBody: marker as never })),
        ...(forgets ? [bumpMemory()] : []),
        ...(user ? [unforgotten(user)] : []),
      ];
      return (await cosmos.batch('memory', keys.memoryPartition(owner), operations)).failed === undefined;
    },

    /** A new revision of the profile, if no memory changed since `user` was read. */
    async commitProfile(owner: keys.Owner, user: UserRecord, profile: Profile): Promise<boolean> {
      const unchanged = `FROM c WHERE c.user_epoch = ${user.user_epoch} AND c.memory_rev = ${user.memory_rev}`;
      const operations: OperationInput[] = [
        patch(keys.USER_ID, { memory_rev: user.memory_rev + 1, profile_rev: profile.rev }, { condition: unchanged }),
        { operationType: 'Upsert', resourceBody: profile as never },
      ];
      if (user.profile_rev > 0) operations.push(patch(keys.profileId(user.profile_rev), { ttl: REPLACED_SECONDS }));
      return (await cosmos.batch('memory', keys.memoryPartition(owner), operations)).failed === undefined;
    },
  };
}
const MAX_OBSOLETE = 3; // what a batch has room for beside 40 facts, what they close, and the insights; the rest goes with the next
/** A replaced profile or session summary stays for readers that have just read its revision or id. */
const REPLACED_SECONDS = 3600;
export type WarmMemory = ReturnType<typeof createWarmMemory>;

/** A value in the text of a condition; ids hold no quotes. */
const literal = (value: string | null): string => JSON.stringify(value);

function patch(id: string, change: object, { condition, add = {} }: { condition?: string; add?: object } = {}): OperationInput {
  const operations = [
    ...Object.entries(change).map(([name, value]) => ({ op: 'set' as const, path: `/${name}`, value })),
    ...Object.entries(add).map(([name, value]) => ({ op: 'incr' as const, path: `/${name}`, value })),
  ];
  return { operationType: 'Patch', id, resourceBody: { operations, ...(condition && { condition }) } };
}

/** True of a user record as long as nothing was forgotten since it was read. */
export const forgetCondition = ({ user_epoch, forget_rev }: UserRecord): string => {
  const same = forget_rev === undefined ? 'NOT IS_DEFINED(c.forget_rev)' : `c.forget_rev = ${forget_rev}`;
  return `FROM c WHERE c.user_epoch = ${user_epoch} AND ${same}`;
};

/** A batch may test a document only by changing it: the epoch is set to what it is. */
const unforgotten = (user: UserRecord): OperationInput =>
  patch(keys.USER_ID, { user_epoch: user.user_epoch }, { condition: forgetCondition(user) });

/**
 * Adds one to the memory's revision, and to the user's ended sessions when one ended. Writers of two sessions may overlap, so it is
 * added to, not set; what else is in the batch keeps it from counting twice. What forgets names the record that it read.
 */
export function bumpMemory({ ended = 0, condition, forgets }: { ended?: number; condition?: string; forgets?: UserRecord } = {}) {
  const operations: PatchOperation[] = [{ op: 'incr', path: '/memory_rev', value: 1 }];
  if (ended > 0) operations.push({ op: 'incr', path: '/sessions_ended', value: ended });
  if (forgets) operations.push({ op: 'set', path: '/forget_rev', value: (forgets.forget_rev ?? 0) + 1 });
  return {
    operationType: 'Patch',
    id: keys.USER_ID,
    resourceBody: { operations, ...(condition && { condition }) },
  } satisfies OperationInput;
}
