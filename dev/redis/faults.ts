/** What a fault may look at: the command, and the text of the script when it is EVAL or EVALSHA of a known script. */
export interface FaultCall {
  name: string;
  args: readonly string[];
  script?: string;
}

/**
 * `error` answers that text and runs nothing. `delayMs` runs late. `hang` waits before running, or between running and
 * answering, until release or disconnect. `drop` cuts the connection before or after running, or in the middle of the answer.
 */
export type FaultAction =
  | { error: string }
  | { delayMs: number }
  | { hang: 'before' | 'after' }
  | { drop: 'before' | 'after' | 'mid-reply' };

export interface FaultRule {
  /** Every command when left out. */
  match?: (call: FaultCall) => boolean;
  /** How many commands it hits; without it, all until it is removed. */
  times?: number;
  action: FaultAction;
}

export interface Fault {
  /** Hits no further command; what hangs goes on hanging. */
  remove(): void;
  /** Lets go what hangs, and removes the fault. */
  release(): void;
  readonly hits: number;
  /** Resolves when the first command is hit. */
  readonly reached: Promise<void>;
}

export interface Faults {
  add(rule: FaultRule): Fault;
  /** True cuts all connections, and new ones as they come; false lets them in again. */
  refuse(refused: boolean): void;
  /** Connections that were turned away since the start. */
  readonly turnedAway: number;
  /** Releases all faults, and lets connections in. */
  clear(): void;
}

/** One hit of a fault: what to do, and when a hanging command may go on. */
export interface FaultHit {
  action: FaultAction;
  released: Promise<void>;
}

export type FaultBook = ReturnType<typeof faultBook>;

/** The faults of one server; `hit` is for its connections. The oldest matching fault counts. */
export function faultBook({ cutConnections }: { cutConnections: () => void }) {
  const active = new Set<{ fault: Fault; hit: (call: FaultCall) => FaultHit | undefined }>();
  let refusing = false;
  let turnedAway = 0;

  function add({ match = () => true, times = Infinity, action }: FaultRule): Fault {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    let hits = 0;
    const fault: Fault = {
      remove: () => void active.delete(entry),
      release() {
        active.delete(entry);
        released.resolve();
      },
      get hits() {
        return hits;
      },
      reached: reached.promise,
    };
    const entry = {
      fault,
      hit(call: FaultCall) {
        if (!match(call)) return undefined;
        hits++;
        if (hits >= times) active.delete(entry);
        reached.resolve();
        return { action, released: released.promise };
      },
    };
    active.add(entry);
    return fault;
  }

  function refuse(refused: boolean): void {
    refusing = refused;
    if (refused) cutConnections();
  }

  return {
    add,
    refuse,
    clear() {
      for (const { fault } of [...active]) fault.release();
      refuse(false);
    },
    get turnedAway() {
      return turnedAway;
    },
    /** Asked for each connection that comes: whether it is cut at once. */
    turnsAway(): boolean {
      if (refusing) turnedAway++;
      return refusing;
    },
    /** The fault that this command runs into. `describe` is called only when there is a fault at all. */
    hit(describe: () => FaultCall): FaultHit | undefined {
      if (active.size === 0) return undefined;
      const call = describe();
      for (const { hit } of [...active]) {
        const found = hit(call);
        if (found) return found;
      }
      return undefined;
    },
  };
}
