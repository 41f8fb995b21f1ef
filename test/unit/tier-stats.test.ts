import { describe, expect, test } from 'vitest';
import { createTierStats, httpCall, PERCENTILE_ERROR, SLOT_MS } from '../../src/lib/tiers/tier-stats.ts';

const START = Date.UTC(2026, 0, 15, 9);
const ok = (ms: number) => ({ ms, failed: false });

/** Numbers that repeat, from 0 to 1. */
function lots(seed: number) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe('percentiles', () => {
  test.each([
    ['around a millisecond', (draw: number) => 0.3 + draw * 2],
    ['with a long tail', (draw: number) => 0.05 / (1.0001 - draw)],
    ['of minutes', (draw: number) => 1000 + draw * 200_000],
  ])('are right within their stated error: %s', (_name, spread) => {
    const draw = lots(7);
    const stats = createTierStats();
    const times = Array.from({ length: 5000 }, () => spread(draw()));
    for (const ms of times) stats.called(ok(ms), START);
    const sorted = times.toSorted((a, b) => a - b);
    const figures = stats.figures(START);
    const rounding = 0.005;
    for (const [share, seen] of [
      [0.5, figures.p50_ms],
      [0.95, figures.p95_ms],
      [0.99, figures.p99_ms],
    ] as const) {
      const exact = sorted[Math.ceil(times.length * share) - 1]!;
      expect(Math.abs(seen! - exact) / exact).toBeLessThanOrEqual(PERCENTILE_ERROR + rounding);
    }
  });

  test('of nothing are null, and so is the rate of no hits', () => {
    const nothing = { hits: 0, misses: 0, hit_rate: null, calls: 0, p50_ms: null, p95_ms: null, p99_ms: null, errors: 0, throttled: 0 };
    expect(createTierStats().figures(START)).toEqual({ ...nothing, last_5_minutes: nothing });
  });

  test('of times beyond all buckets are those of the last one', () => {
    const stats = createTierStats();
    stats.called(ok(0), START);
    expect(stats.figures(START).p50_ms).toBeLessThan(0.011);
    for (let i = 0; i < 9; i++) stats.called(ok(1e9), START);
    expect(stats.figures(START).p50_ms).toBeGreaterThan(200_000);
  });
});

describe('the last five minutes', () => {
  test('forget what is older, to ten seconds; what was since the start stays', () => {
    const stats = createTierStats();
    stats.called({ ms: 900, failed: true, throttled: true }, START);
    stats.looked({ hits: 0, misses: 4 }, START);
    for (let minute = 1; minute <= 4; minute++) stats.called(ok(1), START + minute * 60_000);
    stats.looked({ hits: 3, misses: 1 }, START + 240_000);
    const within = stats.figures(START + 300_000 - SLOT_MS).last_5_minutes;
    expect(within).toMatchObject({ calls: 5, errors: 1, throttled: 1, hits: 3, misses: 5, hit_rate: 0.375 });
    const after = stats.figures(START + 300_000);
    expect(after.last_5_minutes).toMatchObject({ calls: 4, errors: 0, throttled: 0, hits: 3, misses: 1, hit_rate: 0.75 });
    expect(after).toMatchObject({ calls: 5, errors: 1, throttled: 1, hits: 3, misses: 5 });
    expect(after.last_5_minutes.p99_ms).toBeLessThan(1.1);
    expect(stats.figures(START + 3_600_000).last_5_minutes).toMatchObject({ calls: 0, hit_rate: null, p50_ms: null });
  });

  test('count the same when slots are used again and again', () => {
    const stats = createTierStats();
    for (let second = 0; second < 3600; second++) stats.called(ok(1), START + second * 1000);
    const { calls, last_5_minutes } = stats.figures(START + 3_599_000);
    expect([calls, last_5_minutes.calls]).toEqual([3600, 300]);
  });
});

test.each([
  [200, false, false],
  [404, false, false],
  [409, false, false],
  [412, false, false],
  [0, true, false],
  [403, true, false],
  [408, true, false],
  [429, true, true],
  [500, true, false],
  [503, true, true],
])('an answer of %i: failed %s, throttled %s', (status, failed, throttled) => {
  expect(httpCall({ status, ms: 1 })).toEqual({ ms: 1, failed, throttled });
});
