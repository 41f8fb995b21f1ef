import { hash } from 'node:crypto';
import { MAX_MESSAGES_A_RECORD } from '../model.ts';

/** Whose memory it is: a tenant's user, or one anonymous session (`user_id` null, `session_id` set). */
export interface Owner {
  tenant: string;
  user_id: string | null;
  session_id?: string;
}

export const ownerOf = (tenant: string, user_id: string | null, session_id: string): Owner =>
  user_id === null ? { tenant, user_id, session_id } : { tenant, user_id };

const SHARDS = 64;
const sha256 = (text: string) => hash('sha256', text, 'buffer');
/** A short, stable name for any text: 22 characters of base64url, 132 bits. */
export const digest = (text: string): string => sha256(text).toString('base64url').slice(0, 22);
const shardAt = (n: number): string => String(n % SHARDS).padStart(2, '0');
const shard = (text: string): string => shardAt(sha256(text)[0] ?? 0);
/** FNV-1a, folded: for what every read of an item computes and nothing durable is found by. */
function spread(text: string): string {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return shardAt((sum ^ (sum >>> 16)) >>> 0);
}
const twelve = (n: number): string => String(n).padStart(12, '0');

/** Cosmos `memory`: one partition per user, or per anonymous session. `|` is outside the id alphabet. */
export function memoryPartition(owner: Owner): string {
  return owner.user_id === null ? `${owner.tenant}|a|${owner.session_id}` : `${owner.tenant}|u|${owner.user_id}`;
}
/** What the ids of a kind begin with: a query that names it reads that kind only, however much else is in the partition. */
export const HEADS = 's|';
export const APPENDS = 'a|';
export const SUMMARIES = 'y|';
export const FACTS = 'm|';
export const INSIGHTS = 'i|';
export const appendsOf = (session: string): string => `${APPENDS}${session}|`;
export const summariesOf = (session: string, epoch: number): string => `${SUMMARIES}${session}|${epoch}|`;
export const USER_ID = 'user';
export const headId = (session: string): string => `s|${session}`;
export const appendId = (session: string, epoch: number, firstSeq: number): string => `a|${session}|${epoch}|${twelve(firstSeq)}`;
/** The ids of all records that may hold messages of a range: a record holds at most 90. */
export function appendIds(session: string, epoch: number, range: { after: number; through: number }): { least: string; most: string } {
  const least = Math.max(1, range.after + 2 - MAX_MESSAGES_A_RECORD);
  return { least: appendId(session, epoch, least), most: appendId(session, epoch, range.through) };
}
export const markerId = (session: string, epoch: number, id: string): string => `k|${session}|${epoch}|${digest(id)}`;
export const summaryId = (session: string, epoch: number, of: { from: number; to: number; level: string }): string =>
  `y|${session}|${epoch}|${twelve(of.from)}-${twelve(of.to)}|${of.level}`;
/** How the ids of a session's messages, markers and summaries begin; with an epoch, of that epoch's only. */
export const sessionPrefixes = (session: string, epoch?: number): [string, string, string] => {
  const of = (letter: string) => (epoch === undefined ? `${letter}|${session}|` : `${letter}|${session}|${epoch}|`);
  return [of('a'), of('k'), of('y')];
};
/** The caller's own state of a session. */
export const stateId = (session: string): string => `st|${session}`;
export const factId = (id: string): string => `m|${id}`;
export const insightId = (id: string): string => `i|${id}`;
/** What is left of a fact that was forgotten. */
export const FORGOTTEN = 'g|';
export const forgottenId = (fact: string): string => `${FORGOTTEN}${fact}`;
/** Remembers the Idempotency-Key under which a fact was added. */
export const factKeyId = (key: string): string => `km|${digest(key)}`;
export const transcriptId = (rawId: string): string => `t|${rawId}`;
/** Remembers the Idempotency-Key under which a transcript was handed in. */
export const transcriptKeyId = (key: string): string => `kt|${digest(key)}`;
/** A part of the search index: the search terms of messages, in the order in which they were indexed. */
export const SEGMENTS = 'x|';
export const segmentId = (n: number): string => `${SEGMENTS}${twelve(n)}`;
/** The vector of an item (a document's id; of an append also the message's seq) by one embedding model. */
export const VECTORS = 'v|';
export const vectorsOf = (itemId: string): string => `${VECTORS}${itemId}|`;
export const vectorId = (itemId: string, of: { seq: number; model: string }): string => `${vectorsOf(itemId)}${of.seq}|${digest(of.model)}`;
/** How the ids of the vectors of a session's messages and summaries begin; with an epoch, of that epoch's only. */
export const sessionVectors = (session: string, epoch?: number): [string, string] => {
  const [appends, , summaries] = sessionPrefixes(session, epoch);
  return [VECTORS + appends, VECTORS + summaries];
};
/** Says how far the vectors of a partition are. */
export const VECTOR_STATE_ID = 'vectors';
export const profileId = (rev: number): string => `p|${twelve(rev)}`;

/** Cosmos `directory`: 64 partitions by the hash of the id. */
export const directoryId = (tenant: string, session: string): string => `${tenant}|${session}`;
/** Transcripts of a namespace lie in the one partition of its name. */
export const memberPartition = (tenant: string, namespace: string): string => directoryPartition(`${tenant}|n|${namespace}`);
export const memberId = (tenant: string, namespace: string, of: { user_id: string; raw_memory_id: string }): string =>
  `${tenant}|n|${namespace}|${of.user_id}|${of.raw_memory_id}`;
/** `ref` is the session that may be idle, or the job that is to be done. */
export const dueId = (kind: string, tenant: string, ref: string): string => `due|${kind}|${tenant}|${ref}`;
export const directoryPartition = (id: string): string => `d|${shard(id)}`;
export const directoryPartitions: readonly string[] = Array.from({ length: SHARDS }, (_, n) => `d|${String(n).padStart(2, '0')}`);

/** Cosmos `ops`: jobs lie in one partition per tenant and day; the day leads the job's id (yyyymmdd-…). */
export const jobPartition = (tenant: string, jobId: string): string => `${tenant}|job|${jobId.slice(0, 8)}`;
export const jobDay = (now: number): string => new Date(now).toISOString().slice(0, 10).replaceAll('-', '');
/** Asking twice for the same work is one job: day of the asking, then a digest of (session, epoch, kind, from). */
export function jobId(now: number, work: { tenant: string; session: string; epoch: number; kind: string; from: number }): string {
  return `${jobDay(now)}-${digest([work.tenant, work.session, work.epoch, work.kind, work.from].join('|'))}`;
}
/** A transcript's job, named by what was handed in. */
export const transcriptJobId = (now: number, rawId: string): string => `${jobDay(now)}-${digest(`transcripts|${rawId}`)}`;
/** Cosmos `ops`: what was spent lies in one partition per tenant and day (yyyy-mm-dd), folded days in one per month (yyyy-mm). */
export const usageDayPartition = (tenant: string, date: string): string => `${tenant}|ud|${date.replaceAll('-', '')}`;
export const usageDeltaId = (minute: number, instance: string, part: number): string => `${minute}|${instance}|${part}`;
export const usageMonthPartition = (tenant: string, month: string): string => `${tenant}|use|${month.replace('-', '')}`;
export const usageMonthId = (user_id: string | undefined): string => (user_id === undefined ? 'tenant' : `user|${user_id}`);
/** The timers' leases and the sweep's sign of life. No tenant's partition: those have a `|`. */
export const TIMERS_PARTITION = 'timers';
export const leaseId = (timer: string): string => `lease|${timer}`;
export const HEARTBEAT_ID = 'heartbeat';
export const keyPartition = (prefix: string): string => `key|${prefix}`;

/** Redis: every key of a session shares the tag {T|s|S}, every key of a user {T|u|U}. */
export const sessionHead = (tenant: string, session: string): string => `{${tenant}|s|${session}}h`;
export const sessionBuffer = (tenant: string, session: string): string => `{${tenant}|s|${session}}b`;
export const memoryCopy = (owner: Owner): string => `{${memoryPartition(owner)}}c`;
export const recencyIndex = (tenant: string, session: string): string => `{${tenant}|ix|${shard(session)}}`;
/** Tenants with sessions in the hot tier, by when that was last noted. */
export const HOT_TENANTS = '{tenants}ix';
export const recencyIndexes = (tenant: string): string[] =>
  Array.from({ length: SHARDS }, (_, n) => `{${tenant}|ix|${String(n).padStart(2, '0')}}`);

/** Blob `arc`: a user's archives lie under one prefix, by the day on which their sessions ended. */
export const archiveBlob = (owner: Owner, session: string, { epoch, day }: { epoch: number; day: string }): string =>
  `${digest(memoryPartition(owner))}/${day.replaceAll('-', '/')}/${digest(session)}-${epoch}.jsonl.gz`;
/** Blob `tr`: a user's transcripts lie under one prefix, by the day on which they were handed in. */
export const transcriptBlob = (owner: Owner, rawId: string, day: string): string =>
  `${digest(memoryPartition(owner))}/${day.replaceAll('-', '/')}/${rawId}.txt.gz`;
/** Redis: a session's fields in its tag: the index, a key for each value, answers by Idempotency-Key. */
export const fieldIndex = (tenant: string, session: string): string => `{${tenant}|s|${session}}f`;
export const fieldValue = (tenant: string, session: string, name: string): string => `{${tenant}|s|${session}}f|${name}`;
export const fieldAnswers = (tenant: string, session: string): string => `{${tenant}|s|${session}}fk`;
/** Sessions with fields, in 64 parts of a tenant: by when the last field expires, and by when one was last written. */
export interface FieldSessions {
  byExpiry: string;
  byWrite: string;
}
const fieldSessionsAt = (tenant: string, part: string): FieldSessions => ({
  byExpiry: `{${tenant}|ix|${part}}fx`,
  byWrite: `{${tenant}|ix|${part}}fw`,
});
export const fieldSessions = (tenant: string, session: string): FieldSessions => fieldSessionsAt(tenant, shard(session));
export const allFieldSessions = (tenant: string): FieldSessions[] =>
  Array.from({ length: SHARDS }, (_, n) => fieldSessionsAt(tenant, String(n).padStart(2, '0')));

/** Whose item it is: a user's, or (`user_id` null) one of the tenant's own. */
export interface ItemName {
  tenant: string;
  user_id: string | null;
  key: string;
}
/** Cosmos `items`: a user's items lie in one partition, each other one in a partition of its own. */
export const userItems = (tenant: string, user_id: string): string => `${tenant}|iu|${user_id}`;
export const itemPartition = ({ tenant, user_id, key }: ItemName): string =>
  user_id === null ? `${tenant}|i|${key}` : userItems(tenant, user_id);
export const ITEMS = 'i|';
export const itemId = (key: string): string => `${ITEMS}${key}`;
/** Remembers the Idempotency-Key of a batch of items. */
export const itemKeyId = (key: string): string => `k|${digest(key)}`;
export const itemBatchPartition = ({ tenant, user_id }: Omit<ItemName, 'key'>, idempotencyKey: string): string =>
  user_id === null ? `${tenant}|ik|${digest(idempotencyKey)}` : userItems(tenant, user_id);
const itemWords = ({ user_id, key }: ItemName): string => (user_id === null ? `i|${key}` : `u|${user_id}|${key}`);
/** Redis: a user's items share a tag, and so does the list of them. */
export const itemTag = ({ tenant, user_id, key }: ItemName): string => `{${tenant}|i|${spread(user_id ?? key)}}`;
export const itemEntry = (of: ItemName): string => `${itemTag(of)}${itemWords(of)}`;
export const itemsOfUser = (tenant: string, user_id: string): string => `{${tenant}|i|${spread(user_id)}}ux|${user_id}`;
/** Cosmos `directory`: where the demotion timer looks, by when an item must be looked after. */
export const itemDues = (tenant: string): string => `due|item|${tenant}|`;
export const itemDueId = (of: ItemName): string => `${itemDues(of.tenant)}${itemWords(of)}`;
/** Blob `it`: a user's items lie under one prefix, and the contents of one item under one below it, by the day they were written. */
export const itemBlobs = (of: ItemName): string => `${digest(itemPartition(of))}/${digest(of.key)}/`;
export const itemBlob = (of: ItemName, { version, etag }: { version: number; etag: string }): string =>
  `${itemBlobs(of)}${new Date(version).toISOString().slice(0, 10).replaceAll('-', '/')}/${etag}`;
/** Stands for an item in logs and traces. */
export const itemHash = (of: ItemName): string => digest(`${itemPartition(of)}|${of.key}`);
/** Its record, where no Cosmos DB keeps that. */
export const itemRecordBlob = (of: ItemName): string => `${digest(itemPartition(of))}/${digest(of.key)}.json`;
