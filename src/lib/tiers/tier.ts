import type { ItemName } from './keys.ts';
import type { Observe } from './tiered-watch.ts';

/** One writing of an item. The versions of a key only rise, whichever tier it was written to; the etag names it for callers. */
export interface Edition {
  /** Milliseconds since 1970 when it was written, and more than the version before. */
  version: number;
  etag: string;
}
export interface Content {
  /** Content type; `application/json` for JSON values. */
  type: string;
  /** The JSON text as JSON.stringify writes it, or the bytes as they came. */
  data: Buffer;
}
export interface Item extends Edition, Content {
  /** Milliseconds since 1970; null: never. */
  expires_at: number | null;
}
export type Entry = readonly [ItemName, Item];

/**
 * What every tier of items can do, and all that a further tier has to. The newest edition wins: `set` answers false when the tier
 * knows of a newer one, and after `delete` nothing up to that edition is taken. What has expired is not there, whatever lies there.
 * A tier that keeps several editions finds the one that is named. Errors: tier_unavailable.
 */
export interface Tier {
  /** The largest content in bytes that it takes. */
  readonly maxBytes: number;
  get(of: ItemName, edition?: Edition): Promise<Item | undefined>;
  has(of: ItemName, edition?: Edition): Promise<boolean>;
  set(of: ItemName, item: Item): Promise<boolean>;
  delete(of: ItemName, edition: Edition): Promise<void>;
  getMany(names: readonly ItemName[]): Promise<(Item | undefined)[]>;
  setMany(entries: readonly Entry[]): Promise<boolean[]>;
  /** Whether it would store this content compressed. */
  compresses?(content: Content): boolean;
  /** Deletes all editions but this one, where they are older than `before` (ms): what killed writers left. */
  tidy?(of: ItemName, keep: { edition: Edition | undefined; before: number }): Promise<number>;
  /** A tier that is asked first, and holds copies. */
  front?: Front;
  /** A tier that keeps the record of where an item is. */
  ledger?: Ledger;
}

/** What the front tier says about an item. `copy` is of a durable item, `alone` of none; `gone`: there is none; `unknown`: ask below. */
export interface Seen extends Edition {
  kind: 'copy' | 'alone' | 'gone' | 'unknown';
  /** It may be believed without a look below. */
  trusted: boolean;
  /** Changes with every write. */
  generation: number;
  verified_at: number;
  expires_at: number | null;
  /** Of `copy` and `alone`, unless only the head was asked for. */
  item?: Item;
}

/** The front tier as writers and readers use it; every call answers undefined when the tier does not. None throws. */
export interface Front {
  look(names: readonly ItemName[]): Promise<(Seen | undefined)[] | undefined>;
  /** A durable write begins: until its `commit` or `abort` nobody believes what is here, and nobody promotes. */
  begin(of: ItemName): Promise<{ seen: Seen | undefined } | undefined>;
  /** The write is durable: its copy, or without `item` the mark that everything up to the edition is old (`gone`: and deleted). */
  commit(of: ItemName, done: Done): Promise<true | undefined>;
  abort(of: ItemName): Promise<true | undefined>;
  /** Installs what was found below at `verified_at`: an item, or that there is none. A newer edition or a writer under way wins. */
  promote(of: ItemName, found: Edition & { item?: Item; verified_at: number }): Promise<boolean | undefined>;
  /**
   * Writes an item that is nowhere else. Without `proof` only where it is known that nothing lies below; else nothing lay below at
   * `proof.at`, in this generation. Answers its edition, or that the caller must look below.
   */
  alone(of: ItemName, item: Item, proof?: Proof): Promise<Edition | 'look' | undefined>;
}
export interface Done extends Edition {
  item?: Item;
  gone?: boolean;
  /** This writer's `begin` was not heard. */
  unannounced?: boolean;
}
export interface Proof {
  at: number;
  generation: number;
}

/** Where an item is and which edition counts. `content` is there when the ledger's own tier holds it, `lower` when another one does. */
export interface LedgerRecord extends Edition {
  live: boolean;
  type: string;
  bytes: number;
  expires_at: number | null;
  /** The tier that the caller asked for. */
  home: string;
  content?: Buffer;
  lower?: Edition & { tier: string };
  /** Milliseconds since 1970, exact to the day. */
  read_at: number;
  /** Reads from the lower tier since `since`, where several are needed for a promotion. */
  reads?: { count: number; since: number };
}
export interface Recorded {
  record: LedgerRecord;
  /** Names this state of the record for `write`. */
  tag: string;
}
/** Errors: tier_unavailable; an UnclearError when a write may have happened. */
export interface Ledger {
  /** The largest content in bytes that a record can hold; 0: none. */
  readonly inlineBytes: number;
  read(of: ItemName): Promise<Recorded | undefined>;
  /** Writes if the record still has this tag (undefined: if there is none); false when somebody was faster. */
  write(of: ItemName, record: LedgerRecord, tag: string | undefined): Promise<boolean>;
  /** Notes how an item is read, if it still is this edition. */
  note(of: ItemName, record: LedgerRecord, reading: Pick<LedgerRecord, 'read_at' | 'reads'>): Promise<void>;
}

/** Tells a timer when to look after an item. Written before what it is about. */
export interface Dues {
  announce(of: ItemName, at: number): Promise<void>;
}

export interface MemoryRules {
  /** Milliseconds since 1970. */
  now: () => number;
  /** How long a copy stays in the front tier, or an item that is put there without a life of its own. */
  hotMs: number;
  /** Reads within `promoteWithinMs` after which an item from a lower tier lies in the ledger's tier too. */
  promoteReads: number;
  promoteWithinMs: number;
  /** How long an item stays in the ledger's tier after it was last read. */
  demoteAfterMs: number;
  /** How long a write may try again because others were faster. */
  deadlineMs: number;
  dues?: Dues;
  observe?: Observe;
  /** Told of a tier that was left out. */
  degraded?: (tier: string) => void;
  /** Told of a write whose mark the front tier did not get. */
  unseen?: (of: ItemName, edition: Edition) => void;
}

/** Tiers from the fastest to the slowest. The first with a ledger keeps the records; without one there are only items in front. */
export type Tiers = Readonly<Record<string, Tier | undefined>>;

export interface Parts {
  rules: MemoryRules;
  tiers: ReadonlyMap<string, Tier>;
  front: (Front & { name: string; maxBytes: number }) | undefined;
  ledger: (Ledger & { name: string }) | undefined;
}

export interface Put extends Content {
  /** Where the item is to live. */
  tier: string;
  /** Milliseconds since 1970; null: it has no end. */
  expires_at: number | null;
  /** Whether the front tier gets a copy at once. */
  writeThrough: boolean;
  /** Throws when the item with this etag (undefined: there is none) is not what the caller expects. */
  check?: (etag: string | undefined) => void;
}
/** What was written where. `cache`: in front alone, so it may be lost. */
export interface Kept extends Edition {
  tier: string;
  durability: 'stored' | 'cache';
  bytes: number;
  compressed: boolean;
  expires_at: number | null;
}
