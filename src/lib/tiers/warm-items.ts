import { z } from 'zod';
import { ItemBatch, ItemDocument, ItemDue, ItemHead } from '../model-items.ts';
import { type CosmosGate, type Stored, sql } from './cosmos-gate.ts';
import { isOver, JSON_TYPE, living, TOMB_MS } from './item-edition.ts';
import * as keys from './keys.ts';
import { manyAtOnce } from './many.ts';
import type { Item, Ledger, LedgerRecord, Recorded, Tier } from './tier.ts';

const TTL_SLACK_SECONDS = 60;
const FoundDue = ItemDue.extend({ _etag: z.string() });

export interface WarmItemRules {
  now: () => number;
  maxBytes: number;
}

/** Items in Cosmos: the record of every durable item, and the contents that are small enough and in use. */
export function createWarmItems(cosmos: CosmosGate, { now, maxBytes }: WarmItemRules) {
  const at = (of: keys.ItemName) => ({ id: keys.itemId(of.key), pk: keys.itemPartition(of) });
  const ledger: Ledger = {
    inlineBytes: maxBytes,
    async read(of) {
      const stored = await cosmos.read('items', ItemDocument, at(of));
      return stored && { record: recordOf(stored.value), tag: stored.etag };
    },
    write(of, record, tag) {
      const document = documentOf(of, record, now());
      return tag === undefined ? cosmos.create('items', document) : cosmos.replace('items', document, tag);
    },
    async note(of, record, { read_at, reads }) {
      const operations = [
        { op: 'set' as const, path: '/read_day', value: dayOf(read_at) },
        ...(reads ? [{ op: 'set' as const, path: '/reads', value: { count: reads.count, since: iso(reads.since) } }] : []),
        ...ttlOf(record, now()).map((value) => ({ op: 'set' as const, path: '/ttl', value })),
      ];
      const { id, pk } = at(of);
      const condition = `from c where c.version = ${record.version}`;
      await cosmos.batch('items', pk, [{ operationType: 'Patch', id, resourceBody: { condition, operations } }]);
    },
  };
  return {
    maxBytes,
    ledger,
    ...asTier(ledger, now),

    readBatch: async (at: { id: string; pk: string }): Promise<ItemBatch | undefined> => (await cosmos.read('items', ItemBatch, at))?.value,
    writeBatch: (batch: ItemBatch): Promise<void> => cosmos.upsert('items', batch),

    /** One page of a user's items whose keys begin with `prefix`, by key; without contents. */
    page(of: { tenant: string; user_id: string }, { prefix, ...page }: { prefix: string; limit: number; cursor: string | undefined }) {
      const pk = keys.userItems(of.tenant, of.user_id);
      const statement = sql`SELECT c.key, c.etag, c.type, c.bytes, c.expires_at, c.home, c.held, c.version FROM c WHERE c.pk = ${pk} AND c.kind = 'item' AND STARTSWITH(c.id, ${keys.itemId(prefix)}) AND c.state = 'live' AND (IS_NULL(c.expires_at) OR c.expires_at > ${iso(now())}) ORDER BY c.id`;
      return cosmos.page('items', ItemHead, { statement, pk, ...page });
    },
  };
}
export type WarmItems = ReturnType<typeof createWarmItems>;

/** Where the timer is told which items to look after. */
export function createItemDues(cosmos: CosmosGate) {
  return {
    announce: (of: keys.ItemName, checkAt: number): Promise<void> => cosmos.upsert('directory', dueOf(of, checkAt)),
    /** Entries of one partition by id: those due at `until`, or all of a tenant's. */
    async list(pk: string, { until, tenant, after, limit }: WantedDues): Promise<Stored<ItemDue>[]> {
      const all = tenant === undefined;
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'item_due' AND c.id > ${after} AND c.check_at <= ${until} AND (${all} OR c.tenant = ${tenant ?? ''}) ORDER BY c.id`;
      const rows = await cosmos.query('directory', FoundDue, { statement, pk });
      return rows.map(({ _etag, ...value }) => ({ value, etag: _etag }));
    },
    /** Both answer false when the entry was written anew meanwhile. */
    move({ value, etag }: Stored<ItemDue>, checkAt: number): Promise<boolean> {
      const moved: ItemDue = { ...value, check_at: iso(checkAt) };
      return cosmos.replace('directory', moved, etag);
    },
    remove: ({ value, etag }: Stored<ItemDue>): Promise<boolean> => cosmos.remove('directory', { id: value.id, pk: value.pk }, etag),
  };
}
export type ItemDues = ReturnType<typeof createItemDues>;
interface WantedDues {
  /** ISO. */
  until: string;
  tenant?: string;
  /** An id of the page before, or ''. */
  after: string;
  limit: number;
}

function dueOf(of: keys.ItemName, checkAt: number): ItemDue {
  const id = keys.itemDueId(of);
  return { id, pk: keys.directoryPartition(id), kind: 'item_due', schema_version: 1, ...of, check_at: iso(checkAt) };
}

const iso = (ms: number): string => new Date(ms).toISOString();
const dayOf = (ms: number): string => iso(ms).slice(0, 10);

/** Cosmos deletes what is over, some time later: until then the record says so itself. */
function ttlOf({ live, expires_at }: LedgerRecord, now: number): number[] {
  if (!live) return [TOMB_MS / 1000];
  return expires_at === null ? [] : [Math.max(Math.ceil((expires_at - now) / 1000), 1) + TTL_SLACK_SECONDS];
}

function documentOf(of: keys.ItemName, record: LedgerRecord, now: number): ItemDocument {
  const { version, etag, type, bytes, home, content, lower = null, reads } = record;
  const isJson = type === JSON_TYPE;
  const held = content && (isJson ? 'json' : 'bytes');
  const [ttl] = ttlOf(record, now);
  return {
    id: keys.itemId(of.key),
    pk: keys.itemPartition(of),
    kind: 'item',
    schema_version: 1,
    key: of.key,
    user_id: of.user_id,
    ...{ version, etag, type, bytes, home, lower },
    state: record.live ? 'live' : 'deleted',
    expires_at: record.expires_at === null ? null : iso(record.expires_at),
    held: held ?? null,
    ...(content && (isJson ? { value: JSON.parse(content.toString('utf8')) } : { base64: content.toString('base64') })),
    read_day: dayOf(record.read_at),
    ...(reads && { reads: { count: reads.count, since: iso(reads.since) } }),
    ...(ttl !== undefined && { ttl }),
  };
}

function recordOf(document: ItemDocument): LedgerRecord {
  const { version, etag, type, bytes, home, held, lower, reads } = document;
  const inline = held === 'json' ? Buffer.from(JSON.stringify(document.value)) : Buffer.from(document.base64 ?? '', 'base64');
  return {
    ...{ version, etag, type, bytes, home },
    live: document.state === 'live',
    expires_at: document.expires_at === null ? null : Date.parse(document.expires_at),
    content: held === null ? undefined : inline,
    lower: lower ?? undefined,
    read_at: Date.parse(document.read_day),
    reads: reads && { count: reads.count, since: Date.parse(reads.since) },
  };
}

/** A ledger with its contents as a plain tier. */
function asTier({ read, write }: Ledger, now: () => number): Omit<Tier, 'maxBytes'> {
  const itemOf = (stored: Recorded | undefined): Item | undefined => {
    const record = living(stored, now());
    if (!record?.content) return undefined;
    const { version, etag, type, expires_at, content } = record;
    return { version, etag, type, expires_at, data: content };
  };
  const get: Tier['get'] = async (of) => itemOf(await read(of));

  async function put(of: keys.ItemName, change: (record: LedgerRecord | undefined) => LedgerRecord | undefined): Promise<boolean> {
    for (;;) {
      const stored = await read(of);
      const next = change(stored?.record);
      if (!next) return false;
      if (await write(of, next, stored?.tag)) return true;
    }
  }
  const set: Tier['set'] = (of, { version, etag, type, data, expires_at }) =>
    put(of, (record) => {
      const isOld = record && record.version > version;
      const isGone = record && !record.live && record.version === version;
      if (isOld || isGone || isOver({ expires_at }, now())) return undefined;
      return { version, etag, type, live: true, bytes: data.length, expires_at, home: 'warm', content: data, read_at: now() };
    });
  return {
    get,
    has: async (of) => (await get(of)) !== undefined,
    set,
    async delete(of, edition) {
      await put(of, (record) => {
        if (record && record.version > edition.version) return undefined;
        return { ...edition, live: false, type: '', bytes: 0, expires_at: null, home: 'warm', read_at: now() };
      });
    },
    getMany: (names) => manyAtOnce(names, (of) => get(of)),
    setMany: (entries) => manyAtOnce(entries, ([of, item]) => set(of, item)),
  };
}
