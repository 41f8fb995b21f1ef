import type { z } from 'zod';
import type { ItemAnswer, ItemPage, KeptItem, ListedItem, ManyItems, Prefetched, PutResult } from '../model-answers-items.ts';
import type { ItemOptions, ItemQuery, ItemsQuery } from '../requests-items.ts';
import { isThere, orFallback } from './absent.ts';
import type { Ask, Call, Value } from './call.ts';
import { errorOf, ItemNotFound } from './errors.ts';
import { bytesAnswer, type ItemFound } from './item-bytes.ts';
import { PAGE, throughPages } from './pages.ts';

export type TierName = NonNullable<z.input<typeof ItemQuery>['tier']>;
/** Asks one tier alone; without it the fastest that has the item answers. */
export type InTier<T extends string = TierName> = { tier?: T };
/** Where an item lives and for how long. */
export type Place<T extends string = TierName> = Omit<ItemOptions, 'tier'> & InTier<T>;
/** The same, and the condition under which it is put: an ETag, or `'*'` for one that must not be there. */
export type PutOptions<T extends string = TierName> = Place<T> & { ifMatch?: string; ifNoneMatch?: string };
export type ItemFilter = Pick<Partial<ItemsQuery>, 'prefix'>;
export type { ItemFound };

/** JSON values and bytes under keys, in tiers that read as one. Bytes are read as a Uint8Array. */
export interface Items<Tier extends string = TierName> {
  /** Throws ItemNotFound, unless there is a fallback. */
  get<T = unknown>(key: string): Promise<T>;
  get<T>(key: string, fallback: T): Promise<T>;
  /** The value with what is known of it: its tier, its ETag, when it ends. Throws ItemNotFound. */
  read<T = unknown>(key: string, where?: InTier<Tier>): Promise<ItemFound<T>>;
  /** Bytes are stored as they are, under their `content_type`: any but application/json. */
  set(key: string, bytes: Uint8Array, options?: PutOptions<Tier> & { content_type?: string }): Promise<KeptItem>;
  set(key: string, value: Value, options?: PutOptions<Tier>): Promise<KeptItem>;
  has(key: string, where?: InTier<Tier>): Promise<boolean>;
  /** In every tier; answers whether it was there. */
  delete(key: string, condition?: { ifMatch?: string }): Promise<boolean>;

  /** Up to 100 at once. Bytes come as `{content_type, base64}`. */
  getMany<T = unknown>(keys: readonly string[], where?: InTier<Tier>): Promise<ManyItems<T>>;
  /** Puts up to 100 JSON values, each for itself: look at the `status` of each. */
  setMany(items: Record<string, Value>, options?: Place<Tier>): Promise<Record<string, PutResult>>;
  /** Brings up to 100 to where they are read fastest. */
  prefetch(keys: readonly string[]): Promise<Prefetched>;

  /** One page of a user's durable items by key, without their values. The tenant's own cannot be listed. */
  list(filter?: ItemFilter & { limit?: number; cursor?: string }): Promise<ItemPage>;
  /** All of them, page after page. */
  all(filter?: ItemFilter): AsyncGenerator<ListedItem, void, undefined>;
}

/** The items of one user, or without `user_id` of the tenant, or of the user that the key is bound to. */
export function createItems(call: Call, owner: { user_id?: string }): Items {
  const ask = <T>(method: Ask['method'], path: readonly string[], { query, ...rest }: Omit<Ask, 'method' | 'path'> = {}) =>
    call<T>({ method, path: ['items', ...path], query: { ...owner, ...query }, ...rest });
  const post = async <T>(verb: string, body: object) => (await ask<T>('POST', [verb], { body })).body;
  const list = async (query: Parameters<Items['list']>[0]) => (await ask<ItemPage>('GET', [], { query })).body;

  async function read<T>(key: string, where: InTier = {}): Promise<ItemFound<T>> {
    const reply = await ask<ItemAnswer<T>>('GET', [key], { query: where, takesBytes: true });
    return reply.bytes ? bytesAnswer<T>(key, reply.bytes, reply.headers) : { ...reply.body, content_type: 'application/json' };
  }

  async function set(key: string, value: Value | Uint8Array, options: PutOptions & { content_type?: string } = {}): Promise<KeptItem> {
    const { ifMatch, ifNoneMatch, content_type = 'application/octet-stream', ...place } = options;
    const headers = {
      ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
    };
    const once = ifMatch !== undefined || ifNoneMatch !== undefined;
    if (!isBytes(value)) return (await ask<KeptItem>('PUT', [key], { body: { value, ...place }, headers, once })).body;
    const query = { ...place, write_through: place.write_through?.toString() };
    return (await ask<KeptItem>('PUT', [key], { bytes: { content_type, data: value }, query, headers, once })).body;
  }

  async function setMany(items: Record<string, Value>, options: Place = {}): Promise<Record<string, PutResult>> {
    const bytes = Object.keys(items).find((key) => isBytes(items[key]));
    if (bytes !== undefined) throw errorOf(400, { code: 'invalid_body', detail: `items.${bytes}: bytes are put one by one, with set` });
    return (await post<{ results: Record<string, PutResult> }>('mset', { items, ...options })).results;
  }

  return {
    read,
    set,
    setMany,
    get: <T>(key: string, ...fallback: [T?]) =>
      orFallback<T>(
        read<T>(key).then(({ value }) => value),
        fallback,
        [ItemNotFound],
      ),
    has: (key, where = {}) => isThere(ask('HEAD', [key], { query: where })),
    delete: (key, { ifMatch } = {}) => {
      const condition = ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch }, once: true };
      return orFallback(
        ask('DELETE', [key], condition).then(() => true),
        [false],
        [ItemNotFound],
      );
    },
    getMany: (keys, where = {}) => post('mget', { keys, ...where }),
    prefetch: (keys) => post('prefetch', { keys }),
    list,
    all: (filter = {}) =>
      throughPages(
        (cursor) => list({ ...filter, limit: PAGE, cursor }),
        ({ items }) => items,
      ),
  };
}

const isBytes = (value: unknown): value is Uint8Array => ArrayBuffer.isView(value);
