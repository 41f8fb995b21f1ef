import type { CallKind } from './calls.ts';

/** What a fault can look at to decide whether it is meant. */
export interface FaultRequest {
  kind: CallKind;
  database?: string;
  container?: string;
  /** The partition key header as sent. */
  partition?: string;
  id?: string;
  method: string;
  body: unknown;
}

/**
 * What happens to a request: an error status instead of running it; a delay before it is run; a hang before it is run, or between
 * its commit and its answer; a connection reset at the same two moments.
 */
export type FaultAction =
  | { status: number; retryAfterMs?: number; substatus?: number }
  | { delayMs: number }
  | { hang: 'before' | 'after' }
  | { drop: 'before' | 'after' };

export interface FaultSpec {
  /** Every request when left out. */
  match?: (request: FaultRequest) => boolean;
  /** How often it strikes; until removed when left out. */
  times?: number;
  action: FaultAction;
}

export interface Fault {
  readonly hits: number;
  /** Resolves when the fault strikes for the first time. */
  readonly reached: Promise<void>;
  /** No further request is struck; those that hang keep hanging. */
  remove(): void;
  /** Lets everything go that hangs in this fault, now and later. */
  release(): void;
}

export interface Faults {
  /** Adds a fault; of several that match a request the one added first strikes. */
  add(spec: FaultSpec): Fault;
  /** Removes and releases all. */
  clear(): void;
}

/** A fault that struck one request. `released` resolves when a hang is over. */
export interface Strike {
  action: FaultAction;
  released: Promise<void>;
}

/** The faults of one server. `strike` picks the one that a request runs into and counts it. */
export function faultInjector(): Faults & { strike(request: FaultRequest): Strike | undefined } {
  interface Armed extends Fault {
    strike(request: FaultRequest): Strike | undefined;
  }
  let armed: Armed[] = [];

  function arm({ match = () => true, times = Number.POSITIVE_INFINITY, action }: FaultSpec): Armed {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    let hits = 0;
    const fault: Armed = {
      get hits() {
        return hits;
      },
      reached: reached.promise,
      remove() {
        armed = armed.filter((other) => other !== fault);
      },
      release: () => released.resolve(),
      strike(request) {
        if (hits >= times || !match(request)) return undefined;
        hits += 1;
        reached.resolve();
        return { action, released: released.promise };
      },
    };
    return fault;
  }

  return {
    add(spec) {
      const fault = arm(spec);
      armed = [...armed, fault];
      return fault;
    },
    clear() {
      for (const fault of armed) fault.release();
      armed = [];
    },
    strike(request) {
      for (const fault of armed) {
        const strike = fault.strike(request);
        if (strike !== undefined) return strike;
      }
      return undefined;
    },
  };
}
