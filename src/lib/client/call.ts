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
  /** Instead of a JSON body. */
  bytes?: { content_type: string; data: Uint8Array };
  /** What is answered may be bytes: it is, when it is no JSON. */
  takesBytes?: boolean;
  headers?: Record<string, string>;
  /** Not to be sent again when no answer came: the second one would not mean the same. */
  once?: boolean;
}
export interface Reply<T> {
  body: T;
  etag: string | undefined;
  headers: Headers;
  bytes?: Uint8Array;
}
export type Call = <T>(ask: Ask) => Promise<Reply<T>>;

const TIMEOUT_MS = 30_000;
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/**
 * Calls over HTTP. A request that gets no answer is sent once more, with the same Idempotency-Key: it is done once all the same.
 * Throws a KeepsakeError for every refusal, and when the second try gets no answer either.
 */
export function createCall({ baseUrl, apiKey, timeoutMs = TIMEOUT_MS, ...options }: ClientOptions): Call {
  const send: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init)); // a browser's fetch needs its own `this`
  const base = baseUrl.replace(/\/+$/, '');

  async function exchange(url: string, ask: Ask): Promise<{ response: Response; text: string; bytes?: Uint8Array }> {
    const { method, takesBytes = false } = ask;
    const headers: Record<string, string> = { accept: takesBytes ? '*/*' : 'application/json', ...ask.headers };
    if (apiKey !== undefined) headers['x-api-key'] = apiKey;
    const type = ask.bytes?.content_type ?? (ask.body === undefined ? undefined : 'application/json');
    if (type !== undefined) headers['content-type'] = type;
    const response = await send(url, { method, headers, body: bodyOf(ask), signal: AbortSignal.timeout(timeoutMs) });
    const isBytes = takesBytes && response.ok && !JSON_TYPE.test(response.headers.get('content-type') ?? '');
    return isBytes
      ? { response, text: '', bytes: new Uint8Array(await response.arrayBuffer()) }
      : { response, text: await response.text() };
  }

  return async <T>(ask: Ask): Promise<Reply<T>> => {
    const url = `${base}/${ask.path.map(segment).join('/')}${queryOf(ask.query)}`;
    const keyed = ask.method === 'POST' ? { ...ask, headers: { 'idempotency-key': randomKey(), ...ask.headers } } : ask;
    const { response, text, bytes } = await exchange(url, keyed)
      .catch((error: unknown) => {
        if (ask.once) throw error;
        return exchange(url, keyed);
      })
      .catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw errorOf(0, { code: 'unreachable', detail: `no answer from ${base}: ${why}` }, { cause });
      });
    if (response.ok) {
      const { headers } = response;
      return { body: parse<T>(text) as T, bytes, headers, etag: headers.get('etag') ?? undefined };
    }
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
    throw errorOf(response.status, problemOf(response, text), Number.isFinite(retryAfter) ? { retryAfter } : {});
  };
}

function bodyOf({ body, bytes }: Ask): RequestInit['body'] {
  if (bytes) return bytes.data as Uint8Array<ArrayBuffer>; // shared memory, which fetch does not take, throws there
  return body === undefined ? undefined : JSON.stringify(body);
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
