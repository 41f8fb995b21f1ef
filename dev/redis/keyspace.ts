import { wrongType } from './reply.ts';
import { SortedSet } from './sorted-set.ts';

/** What each kind of value is here. Text is binary: one character per byte. */
export interface Kinds {
  string: string;
  list: string[];
  hash: Map<string, string>;
  set: Set<string>;
  zset: SortedSet;
}
export type Kind = keyof Kinds;
export type Entry = { [K in Kind]: { kind: K; value: Kinds[K]; expiresAt?: number } }[Kind];

/** Set when a watched key was changed: the EXEC that follows answers null. */
export interface Watch {
  broken: boolean;
}

const EMPTY = {
  list: (): Entry => ({ kind: 'list', value: [] }),
  hash: (): Entry => ({ kind: 'hash', value: new Map() }),
  set: (): Entry => ({ kind: 'set', value: new Set() }),
  zset: (): Entry => ({ kind: 'zset', value: new SortedSet() }),
};

/** One database: keys, their expiry (ms of Unix time) and who watches them. An expired key is gone for every reader. */
export class Keyspace {
  readonly #entries = new Map<string, Entry>();
  readonly #watches = new Map<string, Set<Watch>>();
  readonly now: () => number;
  /** Grows with every change: the snapshot is written when it moved. */
  revision = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresAt === undefined || entry.expiresAt > this.now()) return entry;
    this.delete(key);
    return undefined;
  }

  /** The value of this kind, undefined when there is no key; throws WRONGTYPE when it holds another kind. */
  read<K extends Kind>(key: string, kind: K): Kinds[K] | undefined {
    const entry = this.find(key);
    if (entry === undefined) return undefined;
    if (entry.kind !== kind) throw wrongType();
    return entry.value as Kinds[K];
  }

  /** As `read`, but an absent key becomes an empty collection. Call `changed` after filling it. */
  open<K extends Exclude<Kind, 'string'>>(key: string, kind: K): Kinds[K] {
    const present = this.read(key, kind);
    if (present !== undefined) return present;
    const entry = EMPTY[kind]();
    this.#entries.set(key, entry);
    return entry.value as Kinds[K];
  }

  put(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.changed(key);
  }

  /** Replaces the text and leaves the expiry alone. */
  putText(key: string, value: string): void {
    this.put(key, { kind: 'string', value, expiresAt: this.find(key)?.expiresAt });
  }

  delete(key: string): boolean {
    const existed = this.#entries.delete(key);
    if (existed) this.changed(key);
    return existed;
  }

  /** To be called after every change of a value: breaks watches, and drops a collection that became empty. */
  changed(key: string): void {
    this.revision++;
    for (const watch of this.#watches.get(key) ?? []) watch.broken = true;
    const entry = this.#entries.get(key);
    if (entry && entry.kind !== 'string' && sizeOf(entry) === 0) this.#entries.delete(key);
  }

  watch(key: string, watch: Watch): void {
    const watches = this.#watches.get(key) ?? new Set();
    this.#watches.set(key, watches.add(watch));
  }

  unwatch(key: string, watch: Watch): void {
    const watches = this.#watches.get(key);
    watches?.delete(watch);
    if (watches?.size === 0) this.#watches.delete(key);
  }

  /** Names of all keys that are not expired. */
  keys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.find(key) !== undefined);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }
}

function sizeOf(entry: Entry): number {
  return entry.kind === 'list' || entry.kind === 'string' ? entry.value.length : entry.value.size;
}
