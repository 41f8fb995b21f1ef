import { MemoryError } from '../errors.ts';
import { UnclearError } from './cosmos-gate.ts';
import { isOver, living, newEdition } from './item-edition.ts';
import type { ItemName } from './keys.ts';
import type { Edition, Front, Item, Kept, Ledger, LedgerRecord, Parts, Put, Recorded, Seen, Tier } from './tier.ts';
import { nextLook, ORPHAN_MS } from './tiered-age.ts';
import { createAloneWriter } from './tiered-alone.ts';
import { isStillAlone } from './tiered-read.ts';

/** A writer who cannot see the front tier goes past what another instance's clock may have put there. */
const CLOCKS_DIFFER_MS = 5000;

type LedgerOf = Ledger & { name: string };
interface Lower extends Edition {
  tier: string;
}
/** How a write stands: what it knows of the item, and what it has put below already. */
interface Writing {
  seen: Seen | undefined;
  /** The front tier knows that a write is under way. */
  heard: boolean;
  stored: Recorded | undefined;
  lower: Lower | undefined;
  giveUpAt: number;
}

/** Writes: the record in the ledger decides, the front tier is told before and after. docs/architecture.md, "Items", has the steps. */
export function createWriter(parts: Parts) {
  const { front, ledger, tiers, rules } = parts;
  const { now } = rules;

  /** Announces the write in front and reads the record. What fails before the record is written leaves nothing behind. */
  async function begin(of: ItemName, records: LedgerOf): Promise<Writing> {
    const [begun, read] = await Promise.allSettled([front?.begin(of), records.read(of)]);
    const heard = begun.status === 'fulfilled' ? begun.value : undefined;
    const giveUpAt = performance.now() + rules.deadlineMs;
    if (read.status === 'fulfilled')
      return { seen: heard?.seen, heard: heard !== undefined, stored: read.value, lower: undefined, giveUpAt };
    if (heard) await front?.abort(of);
    throw read.reason;
  }

  const editionFor = ({ heard, seen, stored, lower }: Writing): Edition => {
    const ahead = front && !heard ? CLOCKS_DIFFER_MS : 0;
    return newEdition(now() + ahead, [seen, stored?.record, lower]);
  };
  const etagIn = ({ seen, stored }: Writing): string | undefined =>
    isStillAlone(seen, stored, now()) ? seen.etag : living(stored, now())?.etag;

  /** Whether the item is what the caller expects. Without the front tier nobody can tell whether one lies there alone. */
  function checked(writing: Writing, check: Put['check']): void {
    const isUnknown = front && !writing.heard && !living(writing.stored, now());
    if (check && isUnknown) throw silent(front.name);
    check?.(etagIn(writing));
  }

  /** Writes records until one is taken; `next` says which, from how the item stands now. */
  async function record(
    of: ItemName,
    records: LedgerOf,
    { writing, next }: { writing: Writing; next: () => Promise<LedgerRecord | undefined> },
  ) {
    try {
      for (;;) {
        const made = await next();
        if (made && (await records.write(of, made, writing.stored?.tag))) return made;
        if (!made) await front?.abort(of);
        if (!made) return undefined;
        if (performance.now() > writing.giveUpAt) throw busy(of);
        writing.stored = await records.read(of);
        if (writing.stored?.record.etag === made.etag) return made; // it was taken, and only the answer was lost
      }
    } catch (error) {
      await takeBack(of, { writing, error });
      throw error;
    }
  }

  /** A write that may have happened stays announced, until nobody can hold any more what was there before. */
  async function takeBack(of: ItemName, { writing, error }: { writing: Writing; error: unknown }): Promise<void> {
    const didNotHappen = error instanceof MemoryError && !(error instanceof UnclearError);
    if (!didNotHappen) return;
    if (writing.heard) await front?.abort(of);
    if (writing.lower) await quietly(tiers.get(writing.lower.tier)?.delete(of, writing.lower));
  }

  /** Puts a durable item. Errors: tier_disabled, tier_unavailable, body_too_large, item_busy, and those of `check`. */
  async function putDurable(of: ItemName, put: Put): Promise<Kept> {
    if (!ledger) throw new MemoryError('tier_disabled', 'this memory keeps nothing durable');
    const place = placeOf(parts, ledger, put);
    const writing = await begin(of, ledger);
    const before = writing.stored;
    const { type, data, expires_at } = put;
    const made = await record(of, ledger, {
      writing,
      next: async () => {
        checked(writing, put.check);
        const edition = editionFor(writing);
        if (place && !writing.lower) writing.lower = await putLower(of, { ...edition, type, data, expires_at }, place);
        const content = place ? undefined : data;
        const next = { ...edition, live: true, type, bytes: data.length, expires_at, home: put.tier, content, lower: writing.lower };
        const recorded: LedgerRecord = { ...next, read_at: now() };
        if (!place) await announce(of, { recorded, before: living(writing.stored, now()) });
        return recorded;
      },
    });
    const { version, etag } = made ?? editionFor(writing);
    const item: Item = { version, etag, type, data, expires_at };
    await told(of, { version, etag, item: put.writeThrough ? item : undefined, unannounced: !writing.heard });
    await sweepOld(of, { before: writing.stored ?? before, lower: writing.lower });
    const compressed = place?.tier.compresses?.(put) ?? false;
    return { version, etag, tier: place?.name ?? ledger.name, durability: 'stored', bytes: data.length, compressed, expires_at };
  }

  /** Announced before: a writer that dies leaves something in the tier that somebody will look for. */
  async function putLower(of: ItemName, item: Item, { name, tier }: Place): Promise<Lower> {
    await rules.dues?.announce(of, now() + ORPHAN_MS);
    await tier.set(of, item);
    return { tier: name, version: item.version, etag: item.etag };
  }

  async function announce(of: ItemName, { recorded, before }: { recorded: LedgerRecord; before: LedgerRecord | undefined }) {
    const at = nextLook(recorded, rules);
    const isAnnounced = before !== undefined && nextLook(before, rules) !== undefined;
    if (at !== undefined && !isAnnounced) await rules.dues?.announce(of, at);
  }

  async function told(of: ItemName, done: Parameters<Front['commit']>[1]): Promise<void> {
    if (front && !(await front.commit(of, done))) rules.unseen?.(of, done);
  }

  async function sweepOld(of: ItemName, { before, lower }: { before: Recorded | undefined; lower: Lower | undefined }): Promise<void> {
    const old = before?.record.lower;
    if (old && old.etag !== lower?.etag) await quietly(tiers.get(old.tier)?.delete(of, old));
  }

  /** Deletes in every tier; false when there was nothing. Errors as for a put. */
  async function remove(of: ItemName, check?: Put['check']): Promise<boolean> {
    if (!ledger) return removeAlone(of, check);
    const writing = await begin(of, ledger);
    const made = await record(of, ledger, {
      writing,
      next: async () => {
        checked(writing, check);
        const isThere = etagIn(writing) !== undefined || (front !== undefined && !writing.heard);
        if (!isThere) return undefined;
        const gone = { live: false, type: '', bytes: 0, expires_at: null, home: ledger.name, read_at: now() };
        return { ...editionFor(writing), ...gone };
      },
    });
    if (!made) return false;
    await told(of, { version: made.version, etag: made.etag, gone: true, unannounced: !writing.heard });
    await sweepOld(of, { before: writing.stored, lower: undefined });
    return true;
  }

  async function removeAlone(of: ItemName, check?: Put['check']): Promise<boolean> {
    const looked = await front?.look([of]);
    if (!front || !looked) throw silent(front?.name ?? '');
    const seen = looked[0]?.item && !isOver(looked[0], now()) ? looked[0] : undefined;
    check?.(seen?.etag);
    if (seen) await front.commit(of, { ...newEdition(now(), [seen]), gone: true, unannounced: true });
    return seen !== undefined;
  }

  const putAlone = createAloneWriter(parts, { putDurable });

  /** Puts an item where it is to live; what is too large for that lives further down. */
  function put(of: ItemName, asked: Put): Promise<Kept> {
    if (!tiers.has(asked.tier)) throw new MemoryError('tier_disabled', `the tier "${asked.tier}" is switched off`);
    const fits = asked.tier === front?.name && (asked.data.length <= front.maxBytes || !ledger);
    if (fits) return putAlone(of, asked);
    return putDurable(of, asked.tier === front?.name && ledger ? { ...asked, tier: ledger.name } : asked);
  }
  return { put, remove };
}

interface Place {
  name: string;
  tier: Tier;
}
/** The tier below the ledger's own that takes the content; undefined where the record itself does. Errors: body_too_large, tier_disabled. */
function placeOf({ tiers }: Parts, ledger: LedgerOf, { tier: asked, data }: Put): Place | undefined {
  const isOwn = asked === ledger.name;
  if (isOwn && data.length <= ledger.inlineBytes) return undefined;
  const lowest = [...tiers.keys()].at(-1) ?? ledger.name;
  const name = isOwn ? lowest : asked;
  if (isOwn && name === ledger.name && ledger.inlineBytes > 0) {
    throw new MemoryError('tier_disabled', `${data.length} bytes need a tier below "${asked}", and there is none`);
  }
  const tier = tiers.get(name);
  if (!tier) throw new MemoryError('tier_disabled', `the tier "${name}" is switched off`);
  if (data.length > tier.maxBytes)
    throw new MemoryError('body_too_large', `the tier "${name}" takes ${tier.maxBytes} bytes, saw ${data.length}`);
  return { name, tier };
}

const silent = (tier: string) => new MemoryError('tier_unavailable', `the tier "${tier}" does not answer`, { retryAfterSeconds: 5 });
const busy = (of: ItemName) => new MemoryError('item_busy', `others keep writing to "${of.key}"`, { retryAfterSeconds: 1 });

/** What is left behind is found later; it must not fail a write that is done. */
async function quietly(work: Promise<unknown> | undefined): Promise<void> {
  try {
    await work;
  } catch {}
}
