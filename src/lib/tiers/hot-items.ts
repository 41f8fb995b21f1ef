import type { RedisClient } from '../connect/redis.ts';
import { script } from '../connect/redis-script.ts';
import { entryOf, fifteen, parseEntry, type Written } from './hot-item-entry.ts';
import { ABORT, ALONE, BEGIN, COMMIT, DROP, PROMOTE } from './hot-items-scripts.ts';
import { etagWith, isOver, ownOf } from './item-edition.ts';
import { type ItemName, itemEntry, itemsOfUser } from './keys.ts';
import type { RedisGate } from './redis-gate.ts';
import type { Done, Front, Item, Seen, Tier } from './tier.ts';

const scripts = {
  begin: script('item-begin', BEGIN),
  commit: script('item-commit', COMMIT),
  abort: script('item-abort', ABORT),
  promote: script('item-promote', PROMOTE),
  alone: script('item-alone', ALONE),
  drop: script('item-drop', DROP),
};
const NEVER = { version: 0, etag: '' };

export interface HotItemRules {
  now: () => number;
  maxBytes: number;
  /** How long an entry is believed without a look at what lies below. */
  verifyMs: number;
  /** The same for what is known not to be there. */
  missMs: number;
  /** How long a writer may be under way. */
  writerMs: number;
  /** The life of a copy, and of an item alone that has none of its own. */
  copyMs: number;
  /** Where reads go, which may be a little behind; writes never do. */
  reads?: RedisGate;
}

/** Items in Redis: copies of durable ones, and items that are nowhere else. docs/architecture.md, "Items", says what may be believed. */
export function createHotItems(redis: RedisGate, rules: HotItemRules): Tier & { front: Front; dropUser: DropUser } {
  const { now, verifyMs, missMs, reads = redis } = rules;
  const leastMs = verifyMs + rules.writerMs + 60_000; // a mark outlives every reader who could still promote what is older
  const keysOf = (of: ItemName) => (of.user_id === null ? [itemEntry(of)] : [itemEntry(of), itemsOfUser(of.tenant, of.user_id)]);
  const lifeOf = (item: Item, longest = Number.POSITIVE_INFINITY) =>
    Math.min(longest, item.expires_at === null ? rules.copyMs : Math.max(item.expires_at - now(), 1));

  function run(name: keyof typeof scripts, of: ItemName, args: (string | number | Buffer)[]): Promise<unknown> {
    return redis.call(`item-${name}`, async (client) => {
      return (await scripts[name].run(client, keysOf(of), [now(), leastMs, ...args])) ?? '';
    });
  }

  const within = (kind: Seen['kind']) => (kind === 'gone' ? missMs : verifyMs);

  function judged(bytes: Buffer | null): Seen | undefined {
    const at = now();
    const entry = bytes && parseEntry(bytes, at);
    if (!entry) return undefined;
    const { kind, generation, version, etag, verified_at, expires_at, item } = entry;
    const isFresh = within(kind) > 0 && at - verified_at <= within(kind);
    const isDoubted = verified_at <= redis.doubtedAt();
    const trusted = kind !== 'unknown' && !isOver(entry, at) && !entry.busy && !entry.abandoned && !isDoubted && isFresh;
    return { kind, trusted, generation, version, etag, verified_at, expires_at, item };
  }

  async function look(names: readonly ItemName[]): Promise<(Seen | undefined)[] | undefined> {
    const found = await reads.call('item-look', (client) => readAll(client, names));
    return found?.map(judged);
  }

  async function commit(of: ItemName, { version, etag, item, gone, unannounced }: Done) {
    const kept = item && item.data.length <= rules.maxBytes ? item : undefined;
    const letter = kept ? 'v' : gone ? '0' : '-';
    const entry = entryOf({ letter, version, etag, verified_at: now(), item: kept });
    const done = await run('commit', of, [fifteen(version), entry, kept ? lifeOf(kept, rules.copyMs) : 0, unannounced ? 0 : 1]);
    if (done === undefined) redis.doubt(); // what was verified before is not believed by this process any more
    return done === undefined ? undefined : (true as const);
  }

  const front: Front = {
    look,
    commit,
    async begin(of) {
      const until = fifteen(now() + rules.writerMs);
      const head = await redis.call('item-begin', (client) => {
        const empty = entryOf({ letter: '-', ...NEVER, verified_at: 0 });
        return scripts.begin.run(client, keysOf(of), [now(), leastMs, until, empty]);
      });
      return head === undefined ? undefined : { seen: judged(Buffer.from(String(head), 'latin1')) };
    },
    abort: async (of) => ((await run('abort', of, [])) === undefined ? undefined : true),
    async promote(of, { version, etag, verified_at, item }) {
      if (item && item.data.length > rules.maxBytes) return false;
      const written: Written = { letter: item ? 'v' : '0', version, etag, verified_at, item };
      const life = item ? lifeOf(item, rules.copyMs) : missMs;
      const done = await run('promote', of, [fifteen(version), fifteen(verified_at), entryOf(written), life]);
      return done === undefined ? undefined : done === 1;
    },
    async alone(of, item, proof) {
      const entry = entryOf({ letter: 'a', ...item, verified_at: 0, item });
      const known = [verifyMs, missMs].map((ms) => fifteen(Math.max(now() - ms, redis.doubtedAt() + 1)));
      const how = [fifteen(proof?.at ?? 0), entry, lifeOf(item), proof?.generation ?? '', ...known];
      const version = await run('alone', of, [fifteen(item.version), ...how]);
      if (version === undefined) return undefined;
      return version === '' ? 'look' : { version: Number(version), etag: etagWith(Number(version), ownOf(item.etag)) };
    },
  };
  return { maxBytes: rules.maxBytes, front, ...asTier(front, now), dropUser: dropUserOf(redis) };
}
export type HotItems = ReturnType<typeof createHotItems>;

/** One key by GET; many by one MGET a tag, sent together. The replies in the order of the names. */
async function readAll(client: RedisClient, names: readonly ItemName[]): Promise<(Buffer | null)[]> {
  const [first] = names;
  if (first && names.length === 1) return [await client.getBuffer(itemEntry(first))];
  const entries = names.map((of, i) => ({ entry: itemEntry(of), i }));
  const byTag = Map.groupBy(entries, ({ entry }) => entry.slice(0, entry.indexOf('}')));
  const found: (Buffer | null)[] = names.map(() => null);
  const ask = async (asked: typeof entries) => {
    const replies = await client.mgetBuffer(asked.map(({ entry }) => entry));
    asked.forEach(({ i }, n) => {
      found[i] = replies[n] ?? null;
    });
  };
  await Promise.all([...byTag.values()].map(ask));
  return found;
}

type DropUser = (tenant: string, user_id: string) => Promise<number | undefined>;
/** Deletes every entry of a user; answers how many were on the list, undefined when Redis does not answer. For erasing. */
const dropUserOf =
  (redis: RedisGate): DropUser =>
  (tenant, user_id) =>
    redis.call('item-drop', async (client) => {
      const list = itemsOfUser(tenant, user_id);
      const keys = await client.smembers(list);
      for (let i = 0; i < keys.length; i += 500) await scripts.drop.run(client, [list, ...keys.slice(i, i + 500)], []);
      return keys.length;
    });

/** What is believed here as a plain tier. */
function asTier({ look, commit, promote }: Front, now: () => number): Pick<Tier, 'get' | 'has' | 'set' | 'delete' | 'getMany' | 'setMany'> {
  const content = (seen: Seen | undefined) => (seen?.trusted ? seen.item : undefined);
  const set: Tier['set'] = async (of, item) => (await promote(of, { ...item, item, verified_at: now() })) === true;
  return {
    get: async (of) => content((await look([of]))?.[0]),
    has: async (of) => content((await look([of]))?.[0]) !== undefined,
    getMany: async (names) => (await look(names))?.map(content) ?? names.map(() => undefined),
    set,
    setMany: (entries) => Promise.all(entries.map(([of, item]) => set(of, item))),
    delete: async (of, edition) => void (await commit(of, { ...edition, gone: true })),
  };
}
