import { errorOf, type Problem } from './errors.ts';

export interface ClientOptions {
  /** Of the service, with its `/api`. */
  baseUrl: string;
  apiKey?: string;
  /** Instead of the global one. */
  fetch?: typeof fetch;
  /** How long one try may take (30,000). */
  timeoutMs?: number;
}

/** What can be stored: any JSON, so not `undefined`. */
export type Value = NonNullable<unknown> | null;

/** One request: path segments are encoded here, `undefined` leaves a query parameter out. */
export interface Ask {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: readonly string[];
  query?: Record<string, string | number | undefined>;
  body?: Value;
  headers?: Record<string, string>;
  /** Not to be sent again when no answer came: the second one would not mean the same. */
  once?: boolean;
}
export interface Reply<T> {
  body: T;
  etag: string | undefined;
}
export type Call = <T>(ask: Ask) => Promise<Reply<T>>;

const TIMEOUT_MS = 30_000;

/**
 * Calls over HTTP. A request that gets no answer is sent once more, with the same Idempotency-Key: it is done once all the same.
 * Throws a KeepsakeError for every refusal, and when the second try gets no answer either.
 */
export function createCall({ baseUrl, apiKey, timeoutMs = TIMEOUT_MS, ...options }: ClientOptions): Call {
  const send: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init)); // a browser's fetch needs its own `this`
  const base = baseUrl.replace(/\/+$/, '');

  async function exchange(url: string, ask: Ask): Promise<{ response: Response; text: string }> {
    const headers: Record<string, string> = { accept: 'application/json', ...ask.headers };
    if (apiKey !== undefined) headers['x-api-key'] = apiKey;
    if (ask.body !== undefined) headers['content-type'] = 'application/json';
    const body = ask.body === undefined ? undefined : JSON.stringify(ask.body);
    const response = await send(url, { method: ask.method, headers, body, signal: AbortSignal.timeout(timeoutMs) });
    return { response, text: await response.text() };
  }

  return async <T>(ask: Ask): Promise<Reply<T>> => {
    const url = `${base}/${ask.path.map(segment).join('/')}${queryOf(ask.query)}`;
    const keyed = ask.method === 'POST' ? { ...ask, headers: { 'idempotency-key': randomKey(), ...ask.headers } } : ask;
    const { response, text } = await exchange(url, keyed)
      .catch((error: unknown) => {
        if (ask.once) throw error;
        return exchange(url, keyed);
      })
      .catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw errorOf(0, { code: 'unreachable', detail: `no answer from ${base}: ${why}` }, { cause });
      });
    if (response.ok) return { body: parse<T>(text) as T, etag: response.headers.get('etag') ?? undefined };
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
    throw errorOf(response.status, problemOf(response, text), Number.isFinite(retryAfter) ? { retryAfter } : {});
  };
}

/** A segment that a URL would swallow leads to another route than the one that is meant. */
function segment(id: string): string {
  if (id !== '' && id !== '.' && id !== '..') return encodeURIComponent(id);
  throw errorOf(400, { code: 'invalid_id', detail: `an id or a name must not be ${JSON.stringify(id)}` });
}

function queryOf(query: Ask['query'] = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]));
  return given.length === 0 ? '' : `?${new URLSearchParams(Object.fromEntries(given))}`;
}

/** What JSON a text is, if it is any: a proxy in between may answer with a page. */
function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** An answer to HEAD has no body, so its 404 is told apart by the request alone. */
function problemOf(response: Response, text: string): Problem {
  const problem = parse<Problem>(text) ?? {};
  return { request_id: response.headers.get('x-request-id') ?? '', ...problem };
}

/** crypto.randomUUID is missing on pages that were not loaded over https. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
