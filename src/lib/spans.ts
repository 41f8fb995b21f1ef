/**
 * OpenTelemetry without a dependency on it. Whichever copy of `@opentelemetry/api` 1.x an SDK is registered through, it puts what was
 * registered under one global symbol, so that other copies find it; so do we. Where no SDK is registered there are no spans.
 */
const API = Symbol.for('opentelemetry.js.api.1');
/** Where a context keeps the span that it is in. */
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN');

export type Attributes = Record<string, string | number | boolean | undefined>;
interface SpanContext {
  traceId: string;
  spanId: string;
  traceFlags: number;
  isRemote?: boolean;
}
interface Span {
  spanContext(): SpanContext;
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}
interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
  deleteValue(key: symbol): Context;
}
interface Api {
  trace?: { getTracer(name: string): { startSpan(name: string, options: object, context: Context): Span } };
  context?: { active(): Context; with<T>(context: Context, work: () => T): T };
}

const STATUS_ERROR = 2;
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The span that a W3C `traceparent` names; undefined when it names none. */
export function spanNamedBy(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (!traceId || !spanId || !flags) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function contextWith(values: ReadonlyMap<symbol, unknown>): Context {
  return {
    getValue: (key) => values.get(key),
    setValue: (key, value) => contextWith(new Map(values).set(key, value)),
    deleteValue: (key) => contextWith(new Map([...values].filter(([known]) => known !== key))),
  };
}

/** The context to be in: that of a span under way in this process, else of the one that the caller named. */
function contextUnder(api: Api, traceparent: string | undefined): Context {
  const active = api.context?.active() ?? contextWith(new Map());
  const named = spanNamedBy(traceparent);
  if (active.getValue(SPAN) !== undefined || !named) return active;
  return active.setValue(SPAN, { spanContext: () => named, isRecording: () => false });
}

/** How a piece of work went: what its span says, and whether it failed on our side. */
export interface Outcome {
  attributes: Attributes;
  failed: boolean;
}

/** Begins a span under the caller's (W3C `traceparent`); answers undefined when nobody listens. */
export function startSpan(name: string, traceparent: () => string | undefined) {
  const api = (globalThis as { [API]?: Api })[API];
  if (!api?.trace) return undefined;
  const under = contextUnder(api, traceparent());
  const span = api.trace.getTracer('keepsake').startSpan(name, {}, under);
  const within = under.setValue(SPAN, span);
  return {
    /** Runs what belongs to the span, so that spans of clients lie below it. */
    run: <T>(work: () => T): T => (api.context ? api.context.with(within, work) : work()),
    end({ attributes, failed }: Outcome): void {
      span.setAttributes(attributes);
      if (failed) span.setStatus({ code: STATUS_ERROR });
      span.end();
    },
  };
}
