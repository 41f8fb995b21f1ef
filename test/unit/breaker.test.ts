import { describe, expect, test } from 'vitest';
import { admit, breakerName, CLOSED, createBreaker, failed, succeeded } from '../../src/lib/breaker.ts';

const RULES = { failures: 5, resetMs: 60_000 }; // the defaults of BREAKER_FAILURES and BREAKER_RESET_SECONDS

/** A breaker on a clock of its own. */
function standing() {
  let at = 1_000_000;
  const breaker = createBreaker(RULES, () => at);
  const fail = (times: number) => {
    for (let n = 0; n < times; n++) if (breaker.admits()) breaker.failed();
  };
  return { breaker, fail, wait: (ms: number) => (at += ms) };
}

describe('a breaker', () => {
  test('opens after five failures in a row, and lets nothing through for 60 s', () => {
    const { breaker, fail, wait } = standing();
    fail(4);
    expect([breaker.name(), breaker.admits()]).toEqual(['closed', true]);
    breaker.failed();
    expect([breaker.name(), breaker.admits()]).toEqual(['open', false]);
    wait(59_999);
    expect([breaker.name(), breaker.admits()]).toEqual(['open', false]);
  });

  test('counts failures in a row only', () => {
    const { breaker, fail } = standing();
    fail(4);
    breaker.succeeded();
    fail(4);
    expect(breaker.name()).toBe('closed');
    fail(1);
    expect(breaker.name()).toBe('open');
  });

  test('after 60 s is half open: one call goes through, the others wait for how it ends', () => {
    const { breaker, fail, wait } = standing();
    fail(5);
    wait(60_000);
    expect(breaker.name()).toBe('half-open');
    expect([breaker.admits(), breaker.admits(), breaker.admits()]).toEqual([true, false, false]);
    breaker.succeeded();
    expect([breaker.name(), breaker.admits(), breaker.admits()]).toEqual(['closed', true, true]);
  });

  test('whose one call fails is open for another 60 s', () => {
    const { breaker, fail, wait } = standing();
    fail(5);
    wait(60_000);
    fail(1);
    expect([breaker.name(), breaker.admits()]).toEqual(['open', false]);
    wait(59_999);
    expect(breaker.admits()).toBe(false);
    wait(1);
    expect(breaker.admits()).toBe(true);
  });

  test('that is reset forgets what it counted', () => {
    const { breaker, fail } = standing();
    fail(5);
    breaker.reset();
    expect([breaker.name(), breaker.admits()]).toEqual(['closed', true]);
    fail(4);
    expect(breaker.name()).toBe('closed');
  });
});

test('the machine is a pure one: a state is never changed, and asking its name lets nobody through', () => {
  const open = Object.freeze({ failures: 5, openedAt: 0, probing: false });
  expect(breakerName(open, RULES, 60_000)).toBe('half-open');
  const first = admit(open, RULES, 60_000);
  expect([first.admitted, admit(first.state, RULES, 60_000).admitted, open.probing]).toEqual([true, false, false]);
  expect(failed(Object.freeze({ ...CLOSED }), RULES, 7)).toEqual({ failures: 1, openedAt: null, probing: false });
  expect(failed(open, RULES, 70_000)).toMatchObject({ openedAt: 70_000, probing: false });
  expect(succeeded()).toEqual(CLOSED);
});
