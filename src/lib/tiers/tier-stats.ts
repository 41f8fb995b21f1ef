/** The largest error of a percentile: buckets grow by a tenth, and a value is said to be in the geometric middle of its bucket. */
export const PERCENTILE_ERROR = Math.sqrt(1.1) - 1;
/** The last minutes are known by slots of this length, so they begin up to one slot late. */
export const SLOT_MS = 10_000;

const SLOTS = 30; // five minutes
const GROWTH = Math.log(1.1);
const LEAST_MS = 0.01;
const BUCKETS = 180; // up to 280 s

/** A tier in figures. Nothing was looked for, or nothing called: null. */
export interface Figures {
  /** Items that were looked for and found, and those that were not. */
  hits: number;
  misses: number;
  hit_rate: number | null;
  /** Calls of the service behind the tier, each try for itself. */
  calls: number;
  /** Milliseconds, within 5 %. */
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  /** Calls without an answer, or with one that says that the service cannot. */
  errors: number;
  /** Those of them that were asked to come again later. */
  throttled: number;
}

/** One call as it went. */
export interface TierCall {
  ms: number;
  failed: boolean;
  throttled?: boolean;
}

interface Tally {
  /** Which slot of time it is about. */
  slot: number;
  hits: number;
  misses: number;
  calls: number;
  errors: number;
  throttled: number;
  times: Float64Array;
}

const emptyTally = (slot: number): Tally => ({
  ...{ slot, hits: 0, misses: 0, calls: 0, errors: 0, throttled: 0 },
  times: new Float64Array(BUCKETS),
});

function bucketOf(ms: number): number {
  const bucket = Math.floor(Math.log(ms / LEAST_MS) / GROWTH);
  return Math.min(Math.max(bucket, 0), BUCKETS - 1);
}

const middleOf = (bucket: number): number => LEAST_MS * Math.exp((bucket + 0.5) * GROWTH);

/** The time that so large a share of the calls kept to. */
function percentile({ times, calls }: Tally, share: number): number | null {
  if (calls === 0) return null;
  let left = Math.ceil(calls * share);
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    left -= times[bucket] ?? 0;
    if (left <= 0) return Number(middleOf(bucket).toPrecision(3));
  }
  return null;
}

function figuresOf(tally: Tally): Figures {
  const { hits, misses, calls, errors, throttled } = tally;
  const looks = hits + misses;
  return {
    hits,
    misses,
    hit_rate: looks === 0 ? null : Math.round((hits / looks) * 10_000) / 10_000,
    calls,
    p50_ms: percentile(tally, 0.5),
    p95_ms: percentile(tally, 0.95),
    p99_ms: percentile(tally, 0.99),
    errors,
    throttled,
  };
}

function sumOf(tallies: readonly Tally[]): Tally {
  const sum = emptyTally(0);
  for (const { hits, misses, calls, errors, throttled, times } of tallies) {
    sum.hits += hits;
    sum.misses += misses;
    sum.calls += calls;
    sum.errors += errors;
    sum.throttled += throttled;
    times.forEach((count, bucket) => {
      sum.times[bucket] = (sum.times[bucket] ?? 0) + count;
    });
  }
  return sum;
}

/**
 * What one tier does, since the start and in the last five minutes: a fixed number of counters, a few additions a call. `now` is in
 * milliseconds since 1970.
 */
export function createTierStats() {
  const ever = emptyTally(0);
  const recent: Tally[] = Array.from({ length: SLOTS }, () => emptyTally(-1));
  let last: TierCall | undefined;

  /** The counters of the slot that `now` is in, emptied when they are of an older one. */
  function slotAt(now: number): Tally {
    const slot = Math.floor(now / SLOT_MS);
    const known = recent[slot % SLOTS];
    if (known?.slot === slot) return known;
    const fresh = emptyTally(slot);
    recent[slot % SLOTS] = fresh;
    return fresh;
  }

  return {
    /** Items were looked for here. */
    looked({ hits, misses }: { hits: number; misses: number }, now: number): void {
      for (const tally of [ever, slotAt(now)]) {
        tally.hits += hits;
        tally.misses += misses;
      }
    },

    /** The service behind the tier was called. */
    called(call: TierCall, now: number): void {
      last = call;
      const bucket = bucketOf(call.ms);
      for (const tally of [ever, slotAt(now)]) {
        tally.calls++;
        tally.times[bucket] = (tally.times[bucket] ?? 0) + 1;
        if (call.failed) tally.errors++;
        if (call.throttled) tally.throttled++;
      }
    },

    /** How the last call went; undefined before the first. */
    last: (): TierCall | undefined => last,

    figures(now: number): Figures & { last_5_minutes: Figures } {
      const newest = Math.floor(now / SLOT_MS);
      const young = recent.filter(({ slot }) => slot > newest - SLOTS && slot <= newest);
      return { ...figuresOf(ever), last_5_minutes: figuresOf(sumOf(young)) };
    },
  };
}
export type TierStats = ReturnType<typeof createTierStats>;

const REFUSALS = new Set([401, 403, 408, 429]);
const TOO_MUCH = new Set([429, 503]);

/** What an HTTP answer says of the service that gave it; status 0: there was none. That something is not there is no failure. */
export const httpCall = ({ status, ms }: { status: number; ms: number }): TierCall => ({
  ms,
  failed: status === 0 || status >= 500 || REFUSALS.has(status),
  throttled: TOO_MUCH.has(status),
});
