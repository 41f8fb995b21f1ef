/** What a request does: the operations on items, queries and their plans, feeds (all items, changes), and everything else as `meta`. */
export type CallKind = 'read' | 'create' | 'upsert' | 'replace' | 'delete' | 'patch' | 'batch' | 'query' | 'queryplan' | 'feed' | 'meta';

/** One request that the server took. */
export interface Call {
  kind: CallKind;
  database?: string;
  container?: string;
  /** The partition key header as sent, a JSON array; undefined when there was none. */
  partition: string | undefined;
  id?: string;
  /** The answer's HTTP status; 0 when the request was never run because a fault cut it off. */
  status: number;
  /** Number of operations of a batch. */
  operations?: number;
}

/** The last 10,000 requests, oldest first. */
export interface CallLog {
  readonly all: readonly Call[];
  count(kind?: CallKind): number;
  reset(): void;
}

const MAX_CALLS = 10_000;

/** A log that `record` writes to. */
export function callLog(): CallLog & { record(call: Call): void } {
  let calls: Call[] = [];
  return {
    get all() {
      return calls;
    },
    count: (kind) => (kind === undefined ? calls.length : calls.filter((call) => call.kind === kind).length),
    reset() {
      calls = [];
    },
    record(call) {
      calls.push(call);
      if (calls.length > MAX_CALLS) calls.shift();
    },
  };
}
