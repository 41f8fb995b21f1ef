import { AsyncLocalStorage } from 'node:async_hooks';
import { spanNamedBy } from './spans.ts';

/** What one request or job did, gathered while it runs and written as one log line at its end. */
export interface Trace {
  redis_calls: number;
  cosmos_calls: number;
  ru: number;
  session?: 'hot' | 'cold' | 'new';
  degraded: Set<string>;
  /** When (performance.now()) it last waited for a tier that did not answer; undefined: never. */
  waited?: Map<string, number>;
  /** Whose memory it was about, where that is one user's. */
  user?: string;
  /** What its log lines and spans are found by. */
  origin: Origin;
}
/** Where a piece of work comes from: the id of the request, and the caller's W3C trace. */
export interface Origin {
  request_id?: string;
  traceparent?: string;
}

/** How long a request leaves a tier alone that did not answer it. */
const SPARED_MS = 1000;

const traces = new AsyncLocalStorage<Trace>();

/** Runs `work` with a fresh trace and hands both back. */
export function traced<T>(work: (trace: Trace) => Promise<T>, origin: Origin = {}): Promise<T> {
  const trace: Trace = { redis_calls: 0, cosmos_calls: 0, ru: 0, degraded: new Set(), origin };
  return traces.run(trace, () => work(trace));
}

/** Counts a Redis round trip of the running request. */
export function countRedis(): void {
  const trace = traces.getStore();
  if (trace) trace.redis_calls++;
}

/** Counts a Cosmos request and its charge (request units) of the running request. */
export function countCosmos(ru: number): void {
  const trace = traces.getStore();
  if (!trace) return;
  trace.cosmos_calls++;
  trace.ru += ru;
}

/** The request units that the running request or job took so far. */
export const ruSoFar = (): number => traces.getStore()?.ru ?? 0;

/** Says whose memory the running request is about. */
export function concerns(user: string): void {
  const trace = traces.getStore();
  if (trace) trace.user = user;
}

/** What the running request is found by. */
export function correlation(): Origin & { trace_id?: string } {
  const { request_id, traceparent } = traces.getStore()?.origin ?? {};
  return { request_id, traceparent, trace_id: spanNamedBy(traceparent)?.traceId };
}

/** Runs what no request waits for, so that its calls are nobody's. */
export const untraced = <T>(work: () => T): T => traces.exit(work);

/** Says that the running request is answered without a tier. */
export function degrade(tier: string): void {
  traces.getStore()?.degraded.add(tier);
}

/** Says that the running request waited for a tier that did not answer. */
export function waitedInVain(tier: string): void {
  const trace = traces.getStore();
  if (!trace) return;
  trace.waited ??= new Map();
  trace.waited.set(tier, performance.now());
}

/** Whether the running request waited for this tier in vain just now, and had better go on without it. */
export function isSpared(tier: string): boolean {
  const waited = traces.getStore()?.waited?.get(tier);
  return waited !== undefined && performance.now() - waited < SPARED_MS;
}

/** Says whether the session's hot copy answered. */
export function sessionWas(state: 'hot' | 'cold' | 'new'): void {
  const trace = traces.getStore();
  if (trace) trace.session = state;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };
type Fields = Record<string, unknown>;
/** Fields that cost something to know are given as a function, which is called when the line is written. */
export interface Log {
  (level: LogLevel, event: string, fields?: Fields | (() => Fields)): void;
  /** Whether lines of this level are written at all; where it is missing they are. */
  writes?: (level: LogLevel) => boolean;
}

/** A logger of one JSON line an event. Callers pass ids, counts and codes: never message texts, never secrets. */
export function createLog(least: LogLevel, write: (line: string) => void, now: () => number): Log {
  const writes = (level: LogLevel) => ORDER[level] >= ORDER[least];
  const log: Log = (level, event, fields = {}) => {
    if (!writes(level)) return;
    const known = typeof fields === 'function' ? fields() : fields;
    write(JSON.stringify({ time: new Date(now()).toISOString(), level, event, ...known }));
  };
  log.writes = writes;
  return log;
}
