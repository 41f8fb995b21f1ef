import type { FieldSizes } from '../model-answers-session.ts';
import { isThere, orFallback } from './absent.ts';
import type { Ask, Call, Value } from './call.ts';
import { FieldNotFound, IndexOutOfRange, ListEmpty, PreconditionFailed } from './errors.ts';

export interface Life {
  /** Default: that of the service (DEFAULT_TTL). */
  ttl_seconds?: number;
}

/** A session's fields, with the habits of a dict and its lists. Every call is one atomic step on the service. */
export interface Fields {
  /** Throws FieldNotFound, unless there is a fallback. */
  get<T = unknown>(name: string): Promise<T>;
  get<T>(name: string, fallback: T): Promise<T>;
  set(name: string, value: Value, life?: Life): Promise<void>;
  /** Sets many, all or none. */
  update(fields: Record<string, Value>, life?: Life): Promise<void>;
  has(name: string): Promise<boolean>;
  /** In the order of their names, as are all lists of them. */
  keys(): Promise<string[]>;
  items(): Promise<[name: string, value: unknown][]>;
  /** Answers whether it was there. */
  delete(name: string): Promise<boolean>;
  /** Answers how many there were. */
  clear(): Promise<number>;
  /**
   * Reads, changes and writes, and does it over when somebody else wrote in between: for what no single operation does. The field
   * gets a new life. `fallback` stands for a field that is not there; without one it throws FieldNotFound.
   */
  edit<T extends Value>(name: string, change: (value: T) => T | Promise<T>, options?: Life & { fallback?: T }): Promise<T>;

  /** The elements from `start` to before `stop`, as Python slices. */
  slice<T = unknown>(name: string, start?: number, stop?: number): Promise<T[]>;
  /** List operations answer the new length; `max_length` keeps the newest. */
  append(name: string, value: Value, options?: { max_length?: number }): Promise<number>;
  extend(name: string, values: readonly Value[], options?: { max_length?: number }): Promise<number>;
  insert(name: string, index: number, value: Value): Promise<number>;
  /** Throws ListEmpty or IndexOutOfRange, unless there is a fallback. */
  pop<T = unknown>(name: string, index?: number): Promise<T>;
  pop<T>(name: string, index: number, fallback: T): Promise<T>;
  /** Removes the first element that equals the value; throws ValueNotFound. */
  remove(name: string, value: Value): Promise<number>;
  /** Of a list that is not there 0. */
  length(name: string): Promise<number>;
  /** Answers the sum; a number that is not there counts from 0. */
  increment(name: string, by?: number): Promise<number>;

  /** Gives all fields the same new life; answers how many there are. */
  setTtl(ttl_seconds: number): Promise<number>;
  size(): Promise<FieldSizes>;
}

const MAX_EDITS = 50;

/** The fields of one session; `check` is the user that it must belong to. */
export function createFields(call: Call, session_id: string, check: { user_id?: string }): Fields {
  type Rest = Pick<Ask, 'body' | 'headers' | 'once'> & { query?: Ask['query'] };
  const ask = <T>(method: Ask['method'], path: readonly string[], { query, ...rest }: Rest = {}) =>
    call<T>({ method, path: ['sessions', session_id, ...path], query: { ...check, ...query }, ...rest });
  const at = <T>(method: Ask['method'], name: string, rest?: Rest) => ask<T>(method, ['fields', name], rest);
  const change = async <T>(name: string, verb: string, body: object) => (await ask<T>('POST', ['fields', name, verb], { body })).body;

  const fieldOf = async <T>(name: string) => (await at<{ value: T }>('GET', name)).body.value;
  const popped = async <T>(name: string, index = -1) => (await change<{ value: T }>(name, 'pop', { index })).value;

  /** The value and the condition under which it may be replaced. */
  async function read<T extends Value>(name: string, options: { fallback?: T }): Promise<{ value: T; condition: Record<string, string> }> {
    try {
      const { body, etag } = await at<{ value: T }>('GET', name);
      return { value: body.value, condition: { 'if-match': etag ?? '*' } };
    } catch (error) {
      if (!(error instanceof FieldNotFound) || options.fallback === undefined) throw error;
      return { value: structuredClone(options.fallback), condition: { 'if-none-match': '*' } };
    }
  }

  async function edit<T extends Value>(
    name: string,
    changed: (value: T) => T | Promise<T>,
    { fallback, ...life }: Life & { fallback?: T } = {},
  ): Promise<T> {
    for (let lost = 1; ; lost++) {
      const { value, condition } = await read<T>(name, { fallback });
      const next = await changed(value);
      try {
        await at('PUT', name, { body: { value: next, ...life }, headers: condition, once: true });
        return next;
      } catch (error) {
        if (!(error instanceof PreconditionFailed) || lost === MAX_EDITS) throw error;
      }
    }
  }

  return {
    edit,
    get: <T>(name: string, ...fallback: [T?]) => orFallback<T>(fieldOf(name), fallback, [FieldNotFound]),
    pop: <T>(name: string, index?: number, ...fallback: [T?]) => orFallback<T>(popped(name, index), fallback, [ListEmpty, IndexOutOfRange]),
    set: async (name, value, life = {}) => void (await at('PUT', name, { body: { value, ...life } })),
    update: async (fields, life = {}) => void (await ask('PATCH', ['fields'], { body: { fields, ...life } })),
    has: (name) => isThere(at('HEAD', name)),
    keys: async () => (await ask<{ keys: string[] }>('GET', ['fields'])).body.keys,
    items: async () => {
      const { keys, fields } = (await ask<{ keys: string[]; fields: Record<string, unknown> }>('GET', ['fields'])).body;
      return keys.map((name) => [name, fields[name]]);
    },
    delete: async (name) => (await at<{ deleted: boolean }>('DELETE', name)).body.deleted,
    clear: async () => (await ask<{ deleted: number }>('DELETE', ['fields'])).body.deleted,

    slice: async <T>(name: string, start = 0, stop?: number) =>
      (await at<{ value: T[] }>('GET', name, { query: { start, stop } })).body.value,
    append: async (name, value, options = {}) => (await change<{ length: number }>(name, 'append', { value, ...options })).length,
    extend: async (name, values, options = {}) => (await change<{ length: number }>(name, 'extend', { values, ...options })).length,
    insert: async (name, index, value) => (await change<{ length: number }>(name, 'insert', { index, value })).length,
    remove: async (name, value) => (await change<{ length: number }>(name, 'remove', { value })).length,
    length: async (name) => (await ask<{ length: number }>('GET', ['fields', name, 'length'])).body.length,
    increment: async (name, by = 1) => (await change<{ value: number }>(name, 'increment', { by })).value,

    setTtl: async (ttl_seconds) => (await ask<{ count: number }>('PUT', ['ttl'], { body: { ttl_seconds } })).body.count,
    size: async () => (await ask<FieldSizes>('GET', ['size'])).body,
  };
}
