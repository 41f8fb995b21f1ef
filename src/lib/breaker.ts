/** Circuit breaker as a pure state machine: closed → open after `failures` in a row → half-open after `resetMs`, one call through. */
export interface BreakerState {
  failures: number;
  openedAt: number | null;
  probing: boolean;
}
export interface BreakerRules {
  failures: number;
  resetMs: number;
}

export const CLOSED: BreakerState = { failures: 0, openedAt: null, probing: false };

/** The name of the state at `now`. */
export function breakerName(state: BreakerState, rules: BreakerRules, now: number): 'closed' | 'open' | 'half-open' {
  if (state.openedAt === null) return 'closed';
  return now - state.openedAt >= rules.resetMs ? 'half-open' : 'open';
}

/** May a call go through at `now`? Half-open lets one through. */
export function admit(state: BreakerState, rules: BreakerRules, now: number): { admitted: boolean; state: BreakerState } {
  const name = breakerName(state, rules, now);
  if (name === 'closed') return { admitted: true, state };
  if (name === 'open' || state.probing) return { admitted: false, state };
  return { admitted: true, state: { ...state, probing: true } };
}

export const succeeded = (): BreakerState => CLOSED;

/** A failed call: counts, opens at the limit, and a failed probe opens for another while. */
export function failed(state: BreakerState, rules: BreakerRules, now: number): BreakerState {
  const failures = state.failures + 1;
  const opens = state.openedAt !== null || failures >= rules.failures;
  return { failures, openedAt: opens ? now : null, probing: false };
}

/** One breaker of this process, for one tier. */
export function createBreaker(rules: BreakerRules, now: () => number) {
  let state: BreakerState = CLOSED;
  return {
    /** Takes a turn; false while the tier is to be left alone. */
    admits(): boolean {
      if (state.openedAt === null) return true; // closed: no need to ask the clock
      const turn = admit(state, rules, now());
      state = turn.state;
      return turn.admitted;
    },
    succeeded() {
      state = succeeded();
    },
    failed() {
      state = failed(state, rules, now());
    },
    name: () => breakerName(state, rules, now()),
    reset() {
      state = CLOSED;
    },
  };
}
export type Breaker = ReturnType<typeof createBreaker>;
