/** What a write left, or would have left: a value by its number until its end, in Redis alone or not. */
export interface State {
  value: number | null;
  expires_at: number | null;
  isCache?: boolean;
}
export const NOTHING: State = { value: null, expires_at: null };

/**
 * What was true before a write of which Redis did not hear: others than the writer may see it for a while. Before a write that failed,
 * and may have happened below all the same: who cannot reach Cosmos DB may see it, until a write was heard of.
 */
interface Lag {
  states: State[];
  until: number;
  writer: number;
}
interface Read {
  now: number;
  client: number;
  value: number | null;
  degraded: readonly string[];
  /** A single tier was asked: that it has nothing says nothing. */
  only?: boolean;
}

const DAY_MS = 86_400_000;
const NEVER = Number.NEGATIVE_INFINITY;

/**
 * The rules of one item, as simple as they can be said: a read gives what the last write left. If a write failed, what it would have left
 * may be there too. Values end at their time; cache entries may get lost, and then there is nothing, not what was before.
 */
export function createRules(verifyMs: number) {
  let possible: State[] = [NOTHING];
  let lags: Lag[] = [];
  const valueAt = ({ value, expires_at }: State, now: number) => (expires_at !== null && expires_at <= now ? null : value);
  const valuesOf = (states: readonly State[], now: number) => states.map((state) => valueAt(state, now));

  return {
    /** A write, or several at once in any order: what those that were answered left, and those that failed would have left. */
    wrote(writes: { state: State; failed: boolean; unheard: boolean; writer: number }[], now: number): void {
      const before = possible;
      const allHeard = writes.every(({ failed, unheard }) => !failed && !unheard);
      if (allHeard) lags = lags.filter(({ until }) => until !== NEVER);
      const answered = writes.some(({ failed }) => !failed);
      possible = [...writes.map(({ state }) => state), ...(answered ? [] : before)];
      for (const { unheard, failed, writer } of writes) {
        if (unheard || failed) lags.push({ states: [...before, ...possible], until: unheard ? now + verifyMs : NEVER, writer });
      }
    },

    /** Redis lost everything, or what is alone in it can no longer be told from what was deleted. */
    lostCache(): void {
      if (possible.some(({ isCache }) => isCache)) possible = [...possible, NOTHING];
    },

    /** What is wrong with a read; undefined when it fits. */
    read({ now, client, value, degraded, only }: Read): string | undefined {
      const sure = valuesOf(possible, now);
      if (sure.includes(value)) {
        const isSettled = (!only || value !== null) && lags.every(({ until }) => until < now) && degraded.length === 0;
        if (isSettled) possible = possible.filter((state) => valueAt(state, now) === value);
        return undefined;
      }
      if (only && value === null) return undefined;
      const isOutOfReach =
        degraded.includes('redis') && [...possible, ...lags.flatMap(({ states }) => states)].some(({ isCache }) => isCache);
      if (value === null && isOutOfReach) return undefined;
      const fromOutage = degraded.includes('cosmos');
      const reach = lags.filter(({ until, writer }) => fromOutage || (until >= now && writer !== client));
      if (reach.some(({ states }) => valuesOf(states, now).includes(value))) return undefined;
      const late = lags.map(({ until, writer }) => `until ${until - now} by ${writer}`).join(', ');
      return `client ${client} read ${value}, expected one of ${JSON.stringify(sure)} (lags: ${late || 'none'}; degraded: ${degraded})`;
    },

    /** After a long while nobody lags any more. */
    passed(now: number): void {
      lags = lags.filter(({ until }) => until === NEVER || until + DAY_MS > now);
    },
    mayBe: (value: number | null, now: number): boolean => valuesOf(possible, now).includes(value),
    isThere: (now: number) => valuesOf(possible, now).every((value) => value !== null),
    isGone: (now: number) => valuesOf(possible, now).every((value) => value === null),
    isLagging: (now: number) => lags.some(({ until }) => until >= now),
  };
}
export type Rules = ReturnType<typeof createRules>;
