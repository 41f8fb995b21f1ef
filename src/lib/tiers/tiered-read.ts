import { MemoryError } from '../errors.ts';
import { untraced } from '../telemetry.ts';
import { createFlights } from './flights.ts';
import { isOver, living, TOMB_MS } from './item-edition.ts';
import { type ItemName, itemEntry } from './keys.ts';
import type { Item, LedgerRecord, Parts, Recorded, Seen } from './tier.ts';
import { promoteIntoLedger } from './tiered-promote.ts';

/** An item, where it was found, and where it lies now because it was read. */
export interface Got {
  item: Item;
  tier: string;
  promoted_to: string[];
}
/** What the front tier said; undefined: it does not answer, or there is none. */
export type Looked = { seen: Seen | undefined } | undefined;
export interface Asked {
  looked: Looked;
  /** The one tier that may answer. */
  only: string | undefined;
}

const MOST_TRIES = 5; // each but the first means that the item was written anew in the meantime

/** What is known of an item before its content is read. */
export type Head = Pick<LedgerRecord, 'etag' | 'type' | 'bytes' | 'expires_at'> & { tier: string };

/** Reads down the tiers: the front one where it may be believed, else the ledger's word, and what it says is put where it is faster. */
export function createReader(parts: Parts) {
  const { front, ledger, tiers, rules } = parts;
  const { now } = rules;
  const flights = createFlights<Got | undefined>();

  /** The item, or undefined: from any tier, or from `only` this one. Errors: tier_unavailable, tier_disabled, item_damaged. */
  async function get(of: ItemName, only?: string): Promise<Got | undefined> {
    const found = await front?.look([of]);
    return await goOn(of, { looked: found && { seen: found[0] }, only }); // returned without await it would take two turns more
  }

  /** Goes on where the front tier has been asked. Readers who saw the same there share one look below. */
  async function goOn(of: ItemName, { looked, only }: Asked): Promise<Got | undefined> {
    const seen = looked?.seen;
    const mayFront = front !== undefined && (only === undefined || isFront(only));
    if (isFront(only) && !looked) throw silent(only ?? '');
    if (mayFront && (seen?.trusted || !ledger)) {
      return seen?.item && !isOver(seen, now()) ? { item: seen.item, tier: front.name, promoted_to: [] } : undefined;
    }
    if (!ledger) throw silent('front');
    const work = () => below(of, { looked, only });
    if (!looked || only !== undefined) return work();
    return flights.join(`${itemEntry(of)}|${seen?.generation ?? ''}`, work);
  }

  async function below(of: ItemName, { looked, only }: Asked): Promise<Got | undefined> {
    let tag: string | undefined;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const at = now();
      const stored = await recorded(of, { seen: looked?.seen, only });
      const inFront = await fromFront(of, { looked, only, stored, at });
      if (inFront || stored === 'silent') return inFront;
      const got = await fromBelow(of, { looked, only, stored, at });
      if (got !== 'moved') return got;
      if (stored?.tag === tag) break;
      tag = stored?.tag;
    }
    throw new MemoryError('item_damaged', `the content of "${of.key}" is not where its record says`);
  }

  /** What the record leads to; `moved` when there is nothing: it was written anew meanwhile, or it is lost. */
  async function fromBelow(of: ItemName, { looked, only, stored, at }: InFront & { stored: Recorded | undefined }) {
    if (isFront(only)) return undefined;
    const record = living(stored, now());
    if (!record || !stored) return only === undefined ? missed(of, { looked, stored, at }) : undefined;
    const found = await contentOf(of, record, only);
    if (found === 'elsewhere') return undefined;
    if (!found) return 'moved' as const;
    return only === undefined ? promoted(of, { found, stored, at, looked }) : { ...found, promoted_to: [] };
  }

  const isFront = (only: string | undefined): boolean => only !== undefined && only === front?.name;

  interface InFront extends Asked {
    stored: Recorded | 'silent' | undefined;
    /** When the ledger was asked. */
    at: number;
  }
  /** What the front tier holds, if the ledger bears it out or is silent: then it is good for another while. */
  async function fromFront(of: ItemName, { looked, only, stored, at }: InFront): Promise<Got | undefined> {
    if (!front || (only !== undefined && !isFront(only))) return undefined;
    const item = stored === 'silent' ? looked?.seen?.item : confirmed(looked?.seen, stored, at);
    if (!item) return undefined;
    if (stored !== 'silent') {
      await front.promote(of, { ...item, item, verified_at: at });
      touch(of, stored?.record);
    }
    return { item, tier: front.name, promoted_to: [] };
  }

  /** The ledger's word; while it says nothing, an item in front may be served as it is, and the answer says so. */
  async function recorded(of: ItemName, { seen, only }: { seen: Seen | undefined; only: string | undefined }) {
    try {
      return await ledger?.read(of);
    } catch (error) {
      const isSilent = error instanceof MemoryError && error.code === 'tier_unavailable';
      const mayServe = seen?.item && !isOver(seen, now()) && (only === undefined || isFront(only));
      if (!isSilent || !mayServe) throw error;
      rules.degraded?.(ledger?.name ?? '');
      return 'silent' as const;
    }
  }

  async function contentOf(of: ItemName, record: LedgerRecord, only: string | undefined) {
    const { version, etag, type, expires_at, content, lower } = record;
    const name = ledger?.name ?? '';
    if (content && (only === undefined || only === name)) return { item: { version, etag, type, expires_at, data: content }, tier: name };
    if (!lower || (only !== undefined && only !== lower.tier)) return 'elsewhere' as const;
    const tier = tiers.get(lower.tier);
    if (!tier) throw new MemoryError('tier_disabled', `"${of.key}" lies in the tier "${lower.tier}", which is switched off`);
    const item = await tier.get(of, lower);
    return item && { item: { version, etag, type, expires_at, data: item.data }, tier: lower.tier };
  }

  /** Remembers for a moment that there is no such item. */
  async function missed(of: ItemName, { looked, stored, at }: { looked: Looked; stored: Recorded | undefined; at: number }) {
    const known = [looked?.seen, stored?.record].flatMap((edition) => (edition ? [edition] : []));
    const { version, etag } = known.toSorted((a, b) => b.version - a.version)[0] ?? { version: 0, etag: '' };
    if (looked) await front?.promote(of, { version, etag, verified_at: at });
    return undefined;
  }

  interface Found {
    found: { item: Item; tier: string };
    stored: Recorded;
    at: number;
    looked: Looked;
  }
  async function promoted(of: ItemName, { found, stored, at, looked }: Found): Promise<Got> {
    const promoted_to: string[] = [];
    const isLow = found.tier !== ledger?.name || !stored.record.content;
    if (isLow && (await promoteIntoLedger(parts, of, { item: found.item, stored })) && ledger) promoted_to.push(ledger.name);
    const { item } = found;
    if (looked && (await front?.promote(of, { ...item, item, verified_at: at }))) promoted_to.unshift(front?.name ?? '');
    if (!isLow) touch(of, stored.record);
    return { ...found, promoted_to };
  }

  /** At most once a day, and nobody waits for it: the age of an item decides when it goes to a slower tier. */
  function touch(of: ItemName, record: LedgerRecord | undefined): void {
    if (!record?.content || dayOf(record.read_at) === dayOf(now())) return;
    untraced(() => ledger?.note(of, record, { read_at: now() }))?.catch(() => undefined);
  }

  /** What is known of an item without its content. Nothing is promoted. */
  async function head(of: ItemName, only?: string): Promise<Head | undefined> {
    const looked = await front?.look([of]);
    const seen = looked?.[0];
    const inFront = !ledger || isFront(only) || (seen?.trusted && only === undefined);
    if (inFront) {
      const got = await goOn(of, { looked: looked && { seen }, only });
      return got && headOf(got.item, got.tier);
    }
    const at = now();
    const stored = await recorded(of, { seen, only });
    if (stored === 'silent') return seen?.item && headOf(seen.item, front?.name ?? '');
    const mine = only === undefined ? confirmed(seen, stored, at) : undefined;
    if (mine) return headOf(mine, front?.name ?? '');
    const record = living(stored, now());
    const tier = holdersOf(record, ledger.name).find((name) => only === undefined || name === only);
    return record && tier !== undefined ? { ...record, tier } : undefined;
  }

  return { get, goOn, head };
}
export type Reader = ReturnType<typeof createReader>;

const headOf = (item: Item, tier: string): Head => ({ ...item, bytes: item.data.length, tier });

/** Tiers that hold the content, the faster one first. */
function holdersOf(record: LedgerRecord | undefined, ledger: string): string[] {
  return [...(record?.content ? [ledger] : []), ...(record?.lower ? [record.lower.tier] : [])];
}

const dayOf = (ms: number): number => Math.floor(ms / 86_400_000);
const silent = (tier: string) => new MemoryError('tier_unavailable', `the tier "${tier}" does not answer`, { retryAfterSeconds: 5 });

/** What the front tier holds, if the ledger, read at `at`, bears it out. */
export function confirmed(seen: Seen | undefined, stored: Recorded | undefined, at: number): Item | undefined {
  if (!seen?.item || isOver(seen, at)) return undefined;
  const record = living(stored, at);
  if (seen.kind === 'copy') return record?.etag === seen.etag ? seen.item : undefined;
  return isStillAlone(seen, stored, at) ? seen.item : undefined;
}

/** Nothing durable took the place of what is alone in front: the record of that would still be there, or it is too long ago to tell. */
export function isStillAlone(seen: Seen | undefined, stored: Recorded | undefined, at: number): seen is Seen {
  if (seen?.kind !== 'alone' || isOver(seen, at)) return false;
  return stored ? stored.record.version < seen.version && !living(stored, at) : at - seen.verified_at < TOMB_MS;
}
