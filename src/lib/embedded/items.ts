import { z } from 'zod';
import { checkType, IS_JSON, parseClean, parseWith, refuseLarge } from '../body.ts';
import { isThere, orFallback } from '../client/absent.ts';
import { errorOf, ItemNotFound } from '../client/errors.ts';
import type { InTier, ItemFound, Items, PutOptions } from '../client/items.ts';
import { PAGE, throughPages } from '../client/pages.ts';
import { ERROR_CODES, MemoryError, toProblem } from '../errors.ts';
import { getItems, prefetchItems, putItems } from '../memory/items/item-batch.ts';
import { listItems } from '../memory/items/item-list.ts';
import { deleteItem, getItem, headItem, type ItemServices, isoOrNull, keptView, putItem, quoted } from '../memory/items/items.ts';
import { demoteNow } from '../memory/items/look-after.ts';
import { Id } from '../model.ts';
import type { ManyItems } from '../model-answers-items.ts';
import { DemoteRequest, ItemOptions, ItemParams, ItemsQuery, MgetRequest, MsetRequest, PrefetchRequest } from '../requests-items.ts';
import { type Log, traced } from '../telemetry.ts';
import { JSON_TYPE } from '../tiers/item-edition.ts';
import type { ItemName } from '../tiers/keys.ts';
import type { Content } from '../tiers/tier.ts';
import type { Memory } from '../tiers/tiered.ts';
import type { ItemDues, WarmItems } from '../tiers/warm-items.ts';

type Owner = Omit<ItemName, 'key'>;
export interface Engine extends ItemServices {
  /** Where an item goes that is put without a tier and without a preset. */
  home: string;
  /** Where the records can be listed. */
  page: WarmItems['page'] | undefined;
}

/** An item as it is stored: JSON as its text, not parsed. */
export type ItemContent = Omit<ItemFound<Buffer>, 'value'> & { data: Buffer };
/** The items of `keepsake/client`, without a service in between. */
export interface OwnItems<T extends string> extends Items<T> {
  /** To hand on without parsing. Throws ItemNotFound. */
  content(key: string, where?: InTier<T>): Promise<ItemContent>;
}

const anyTier = { tier: z.string().optional() };
const Where = z.object(anyTier);
const Options = ItemOptions.extend(anyTier);
const Mget = MgetRequest.extend(anyTier);

/** Items of one owner, by the rules of the HTTP routes: same checks, same answers, same errors. */
export function createOwnItems<T extends string>(engine: Engine, owner: Owner): OwnItems<T> {
  const { home } = engine;
  const { maxBytes } = engine.config.items;
  const named = (key: string): ItemName => ({ ...owner, ...parseWith(ItemParams, { key }, 'invalid_id') });
  const placed = <P extends { tier?: string; preset?: string }>(place: P): P => ({
    ...place,
    tier: place.tier ?? (place.preset ? undefined : home),
  });

  function content(key: string, where: InTier<T> = {}): Promise<ItemContent> {
    return answered(async () => {
      const of = named(key);
      const { item, tier, promoted_to } = await getItem(engine, of, parseWith(Where, where, 'invalid_query').tier);
      const { type: content_type, data, etag, expires_at } = item;
      return { key, tier, promoted_to, etag: quoted(etag), expires_at: isoOrNull(expires_at), content_type, data };
    });
  }

  async function read<V>(key: string, where?: InTier<T>): Promise<ItemFound<V>> {
    const { data, ...found } = await content(key, where);
    return { ...found, value: found.content_type === JSON_TYPE ? JSON.parse(data.toString('utf8')) : new Uint8Array(data) };
  }

  async function set(key: string, value: unknown, options: PutOptions<T> & { content_type?: string } = {}) {
    const { ifMatch, ifNoneMatch, content_type = 'application/octet-stream', ...place } = options;
    return answered(async () => {
      const of = named(key);
      const content = ArrayBuffer.isView(value) ? bytesOf(value, content_type, maxBytes) : jsonOf(value, maxBytes).content;
      const asked = placed(parseWith(Options, place, 'invalid_body'));
      return keptView(of, await putItem(engine, of, { content, options: asked, precondition: { ifMatch, ifNoneMatch } }));
    });
  }

  const list: Items<T>['list'] = (query) =>
    answered(async () => {
      const { cursor, prefix, limit } = parseWith(ItemsQuery, { ...query, limit: query?.limit?.toString() }, 'invalid_query');
      if (!engine.page) throw new MemoryError('tier_disabled', 'items are listed from Cosmos DB, and this memory has no warm tier');
      return listItems({ page: engine.page }, owner, { cursor, prefix, limit });
    });

  return {
    content,
    read,
    set,
    list,
    get: <V>(key: string, ...fallback: [V?]) =>
      orFallback<V>(
        read<V>(key).then(({ value }) => value),
        fallback,
        [ItemNotFound],
      ),
    has: (key, where = {}) => isThere(answered(async () => headItem(engine, named(key), parseWith(Where, where, 'invalid_query').tier))),
    delete: (key, { ifMatch } = {}) =>
      orFallback(
        answered(async () => (await deleteItem(engine, named(key), { ifMatch })).deleted),
        [false],
        [ItemNotFound],
      ),
    getMany: <V>(keys: readonly string[], where: InTier<T> = {}) =>
      answered(async () => {
        const { body, items } = await getItems(engine, owner, parseWith(Mget, { keys, ...where }, 'invalid_body'));
        return { ...body, items: JSON.parse(items.toString('utf8')) } as ManyItems<V>;
      }),
    setMany: async (items, options = {}) => {
      const { results } = await answered(async () => {
        const bytes = Object.keys(items).find((key) => ArrayBuffer.isView(items[key]));
        if (bytes !== undefined) throw new MemoryError('invalid_body', `items.${bytes}: bytes are put one by one, with set`);
        const { tier, ...rest } = options;
        const asked = parseWith(MsetRequest, { ...rest, items: jsonOf(items, maxBytes).clean }, 'invalid_body');
        return putItems(engine, owner, placed({ ...asked, ...parseWith(Where, { tier }, 'invalid_body') }));
      });
      return results;
    },
    prefetch: (keys) => answered(async () => prefetchItems(engine, owner, parseWith(PrefetchRequest, { keys }, 'invalid_body').keys)),
    all: (filter = {}) =>
      throughPages(
        (cursor) => list({ ...filter, limit: PAGE, cursor }),
        ({ items }) => items,
      ),
  };
}

/** A value as it is stored, and as it will be read. Errors: invalid_body, invalid_text, body_too_large. */
function jsonOf(value: unknown, maxBytes: number): { content: Content; clean: unknown } {
  const text = JSON.stringify(value);
  if (text === undefined) throw new MemoryError('invalid_body', 'value: is required, and must be JSON');
  const data = Buffer.from(text);
  refuseLarge(data.length, maxBytes);
  return { content: { type: JSON_TYPE, data }, clean: parseClean(data) };
}

/** Bytes as they are now: the caller's may change meanwhile. Errors: unsupported_media_type, body_too_large. */
function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView, type: string, maxBytes: number): Content {
  checkType(type);
  if (IS_JSON.test(type))
    throw new MemoryError('unsupported_media_type', `bytes have another type than ${JSON_TYPE}: put the value itself`);
  refuseLarge(byteLength, maxBytes);
  return { type, data: Buffer.from(buffer.slice(byteOffset, byteOffset + byteLength)) };
}

/** Throws a KeepsakeError for what breaks the id rule. */
export function checkedId(name: string, id: string): string {
  const { success, error } = Id.safeParse(id);
  if (success) return id;
  throw asCallersCatch(new MemoryError('invalid_id', `${name}: ${error.issues[0]?.message}`));
}

/** Moves old items down. Errors: tier_disabled, tier_unavailable. */
export function demoteOwn({ dues, ...parts }: Demoting, { tenant, older_than_seconds }: { tenant: string; older_than_seconds?: number }) {
  return answered(async () => {
    if (!dues) throw new MemoryError('tier_disabled', 'items go down from the warm tier to one below it, and this memory has not both');
    const asked = parseWith(DemoteRequest, { older_than_seconds }, 'invalid_body');
    return demoteNow({ ...parts, items: { ...parts.items, dues } }, tenant, asked);
  });
}
type Demoting = { now: () => number; log: Log; items: Memory; dues: ItemDues | undefined };

/** What an operation answers, with the tiers it did without; its errors are those of the client. */
function answered<A>(work: () => Promise<A>): Promise<A> {
  return traced(async ({ degraded }) => {
    try {
      const answer = await work();
      return degraded.size > 0 && typeof answer === 'object' ? { ...answer, degraded: [...degraded] } : answer;
    } catch (error) {
      throw asCallersCatch(error);
    }
  });
}

function asCallersCatch(error: unknown): unknown {
  if (!(error instanceof MemoryError)) return error;
  const more = { retryAfter: error.retryAfterSeconds, cause: error.cause };
  return errorOf(ERROR_CODES[error.code].status, toProblem(error, ''), more);
}
