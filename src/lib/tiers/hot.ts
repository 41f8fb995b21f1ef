import { randomUUID } from 'node:crypto';
import { script } from '../connect/redis-script.ts';
import type { Message, SessionHead } from '../model.ts';
import { decoded } from './decoded.ts';
import { createRecency } from './hot-recency.ts';
import { ABORT, BEGIN, COMMIT, INSTALL, INVALIDATE, PEND, SETTLE, VERIFY } from './hot-scripts.ts';
import { memoryCopy, type Owner, sessionBuffer, sessionHead } from './keys.ts';
import type { RedisGate } from './redis-gate.ts';

/** What Redis holds of a session, as it was found; `trust.ts` says whether it may be believed. */
export interface HotSession {
  gen: string;
  busy: boolean;
  /** Acknowledged stores wait in blobs: Cosmos is asked before the copy is believed. */
  pending: boolean;
  head: SessionHead | undefined;
  /** There is a head, but its text cannot be decoded. */
  garbled: boolean;
  etag: string;
  memoryEtag: string;
  /** The rolling summary's text. */
  rolling: string;
  count: number;
  verifiedAt: number;
  texts: string[];
}
/** What Redis holds of a user's memory. `doc` is the prebuilt JSON text. */
export interface HotMemory {
  gen: string;
  busy: boolean;
  doc: string | undefined;
  etag: string;
  verifiedAt: number;
}
/** A writer's intent: its token, the generation it began in, and the head it may start from. */
export interface Intent {
  token: string;
  gen: string;
  head: SessionHead | undefined;
  /** Acknowledged stores of this session wait in blobs. */
  pending: boolean;
}

const session = {
  begin: script('begin', BEGIN, 2),
  commit: script('commit', COMMIT, 2),
  abort: script('abort', ABORT, 2),
  invalidate: script('invalidate', INVALIDATE, 2),
  install: script('install', INSTALL, 2),
  verify: script('verify', VERIFY, 2),
  pend: script('pend', PEND, 2),
  settle: script('settle', SETTLE, 2),
};
const memory = {
  begin: script('begin-memory', BEGIN, 1),
  invalidate: script('invalidate-memory', INVALIDATE, 1),
  install: script('install-memory', INSTALL, 1),
  verify: script('verify-memory', VERIFY, 1),
};

type Fields = Record<string, string>;
const isBusy = (fields: Fields): boolean => Object.keys(fields).some((name) => name.startsWith('t:'));

/** A stored head; undefined when there is none, or its text is no head. */
function parseHead(doc: string | undefined | null): SessionHead | undefined {
  const head = doc ? (decoded(doc) as Partial<SessionHead> | null | undefined) : undefined;
  const looksRight = typeof head?.epoch === 'number' && typeof head.last_seq === 'number' && typeof head.session_id === 'string';
  return looksRight ? (head as SessionHead) : undefined;
}

/** The final JSON text of a message, one fixed order of fields, so that a rebuilt buffer equals the one that grew. */
export function messageText(m: Message): string {
  const { seq, message_id, turn_no, turn_id, role, content, name, created_at, tokens, metadata } = m;
  return JSON.stringify({ seq, message_id, turn_no, turn_id, role, content, name, created_at, tokens, metadata });
}

/** Redis: copies of open sessions and of users' memory. Every call answers `undefined` when Redis does not; none throws. */
export function createHot(redis: RedisGate, { ttlSeconds, staleMs, now }: { ttlSeconds: number; staleMs: number; now: () => number }) {
  const fresh = () => randomUUID();
  const stale = () => now() - staleMs;

  return {
    enabled: redis.enabled,
    doubtedAt: redis.doubtedAt,
    doubt: redis.doubt,
    ping: () => redis.call('ping', (client) => client.ping()),

    /** One round trip: head, buffer and the user's memory, sent together as plain commands. */
    read: ({ tenant, session_id }: At, owner: Owner) =>
      redis.call('read', async (client) => {
        const [head, texts, known] = await Promise.all([
          client.hgetall(sessionHead(tenant, session_id)),
          client.lrange(sessionBuffer(tenant, session_id), 0, -1),
          client.hgetall(memoryCopy(owner)),
        ]);
        return { session: toHotSession(head, texts), memory: toHotMemory(known) };
      }),

    /** The head alone, believed or not: whose session it is. */
    readHead: ({ tenant, session_id }: At) =>
      redis.call('head', async (client) => ({ head: parseHead(await client.hget(sessionHead(tenant, session_id), 'doc')) })),

    /** Seconds until a session's copy leaves Redis; 0 when there is none. */
    ttl: ({ tenant, session_id }: At) =>
      redis.call('ttl', async (client) => Math.max(0, await client.ttl(sessionHead(tenant, session_id)))),

    /** What Redis says of itself: the lines of INFO by name. */
    info: () =>
      redis.call('info', async (client) => {
        const lines = String(await client.info()).split(/\r?\n/);
        return new Map(lines.filter((line) => line.includes(':')).map((line) => line.split(':', 2) as [string, string]));
      }),

    /** Announces a write to a session; answers the head it may start from. */
    begin: (at: At, token: string) =>
      redis.call('begin', async (client): Promise<Intent> => {
        const found = await session.begin.run(client, keysOf(at), [token, now(), stale(), ttlSeconds, fresh()]);
        const [gen, doc, pending] = found as (string | null)[];
        return { token, gen: gen ?? '', head: parseHead(doc), pending: pending === '1' };
      }),

    /** Moves the copy along after a commit; answers whether there still is one. */
    commit: (at: At, intent: Intent, { head, etag, memoryEtag, fromSeq, messages, whole }: Committed) =>
      redis.call('commit', async (client) => {
        const writer = [intent.token, intent.gen, fresh(), ttlSeconds, whole ? '1' : '0'];
        const moved = [head.epoch, fromSeq, head.last_seq, messages.length, JSON.stringify(head), etag, memoryEtag, now()];
        return (await session.commit.run(client, keysOf(at), [...writer, ...moved, ...messages.map(messageText)])) === 1;
      }),

    /** Takes back the token of a writer that wrote nothing. */
    abort: (at: At, token: string) => redis.call('abort', (client) => session.abort.run(client, keysOf(at), [token])),

    /** Marks that stores of a session wait in blobs, and that none does any more. */
    pend: (at: At, token: string) => redis.call('pend', (client) => session.pend.run(client, keysOf(at), [token, fresh(), ttlSeconds])),
    settle: (at: At) => redis.call('settle', (client) => session.settle.run(client, keysOf(at), [])),

    /** Ends a session's copy; every reader rebuilds it. */
    invalidate: (at: At, token = '') =>
      redis.call('invalidate', (client) => session.invalidate.run(client, keysOf(at), [token, fresh(), ttlSeconds])),

    /** Installs a session rebuilt from Cosmos, if nobody wrote since `gen` was seen. */
    install: (at: At, gen: string, { head, etag, memoryEtag, rolling, texts }: Rebuilt) =>
      redis.call('install', (client) => {
        const cursor = ['epoch', head.epoch, 'last_seq', head.last_seq, 'count', texts.length, 'doc', JSON.stringify(head)];
        const fields = [...cursor, 'rolling', rolling, 'etag', etag, 'memory_etag', memoryEtag, 'verified_at', now()];
        return session.install.run(client, keysOf(at), [gen, fresh(), stale(), ttlSeconds, fields.length, ...fields, ...texts]);
      }),

    /** Cosmos still holds what the copy holds. */
    verify: (at: At, gen: string, { etag, memoryEtag }: Etags) =>
      redis.call('verify', (client) => session.verify.run(client, keysOf(at), [gen, etag, memoryEtag, now(), ttlSeconds])),

    /** The same steps for a user's memory: announce a change, end the copy, install a rebuilt one, verify it. */
    beginMemory: (owner: Owner, token: string) =>
      redis.call('begin', (client) => memory.begin.run(client, [memoryCopy(owner)], [token, now(), stale(), ttlSeconds, fresh()])),
    invalidateMemory: (owner: Owner, token: string) =>
      redis.call('invalidate', (client) => memory.invalidate.run(client, [memoryCopy(owner)], [token, fresh(), ttlSeconds])),
    installMemory: (owner: Owner, gen: string, { doc, etag }: { doc: string; etag: string }) =>
      redis.call('install', (client) => {
        const fields = ['doc', doc, 'etag', etag, 'verified_at', now()];
        return memory.install.run(client, [memoryCopy(owner)], [gen, fresh(), stale(), ttlSeconds, fields.length, ...fields]);
      }),
    verifyMemory: (owner: Owner, gen: string, etag: string) =>
      redis.call('verify', (client) => memory.verify.run(client, [memoryCopy(owner)], [gen, etag, etag, now(), ttlSeconds])),

    ...createRecency(redis, { ttlSeconds, now }),
  };
}
export type Hot = ReturnType<typeof createHot>;

/** A session by name, as Redis keys and routes know it. */
export interface At {
  tenant: string;
  session_id: string;
}
interface Etags {
  etag: string;
  memoryEtag: string;
}
export interface Rebuilt extends Etags {
  head: SessionHead;
  rolling: string;
  texts: string[];
}
const keysOf = ({ tenant, session_id }: At): string[] => [sessionHead(tenant, session_id), sessionBuffer(tenant, session_id)];

/** What a store committed: the new head, where it started, its messages; `whole` when they are the entire buffer. */
export interface Committed extends Etags {
  head: SessionHead;
  fromSeq: number;
  messages: Message[];
  whole: boolean;
}

function toHotSession(fields: Fields, texts: string[]): HotSession {
  const head = parseHead(fields.doc);
  return {
    gen: fields.gen ?? '',
    busy: isBusy(fields),
    pending: fields.pending === '1',
    head,
    garbled: fields.doc !== undefined && head === undefined,
    etag: fields.etag ?? '',
    memoryEtag: fields.memory_etag ?? '',
    rolling: fields.rolling ?? '',
    count: Number(fields.count ?? -1),
    verifiedAt: Number(fields.verified_at ?? 0),
    texts,
  };
}

function toHotMemory(fields: Fields): HotMemory {
  return {
    gen: fields.gen ?? '',
    busy: isBusy(fields),
    doc: fields.doc,
    etag: fields.etag ?? '',
    verifiedAt: Number(fields.verified_at ?? 0),
  };
}
