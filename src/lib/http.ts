import { app, type HttpMethod, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import type { ZodType } from 'zod';
import { isJson, parseWith, type RawBody, readBytes, readJson } from './body.ts';
import { type Caller, identify } from './caller.ts';
import type { Config } from './config.ts';
import { corsHeaders } from './cors.ts';
import { ERROR_CODES, MemoryError, toProblem } from './errors.ts';
import type { Standing } from './memory/usage/budget.ts';
import { type Services, services } from './services.ts';
import { type Trace, traced } from './telemetry.ts';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;
const CLOSING = Buffer.from('}');
const NO_SCHEMA = { safeParse: () => ({ success: true, data: undefined }) };

interface Call<Body, Query, Params> {
  body: Body;
  /** Where the route takes raw bodies and the caller sent one; `body` is undefined then. */
  raw: RawBody | undefined;
  query: Query;
  params: Params;
  caller: Caller;
  services: Services;
  request: HttpRequest;
}

/** One route: what it takes, who may call it, and the one lib call that answers. `/api` comes before `route`. */
export interface Route<Body, Query, Params> {
  method: HttpMethod;
  route: string;
  /** Its schema, or what the settings make of it. */
  body?: ZodType<Body> | ((config: Config) => ZodType<Body>);
  /** Of the body; 1 MiB where it is left out. */
  maxBytes?: number | ((config: Config) => number);
  /** A body that is no JSON is taken as it is. */
  takesRaw?: true;
  query?: ZodType<Query>;
  params?: ZodType<Params>;
  /** `nobody`: answers without a credential. `operator`: needs that scope. Default: any caller. */
  needs?: 'nobody' | 'caller' | 'operator';
  /** The answer says when a model budget of the tenant or the user is used up. */
  budget?: true;
  /** A value is answered as 200 and JSON; `reply` sets anything else. */
  run: (call: Call<Body, Query, Params>) => Promise<unknown> | unknown;
}

class Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Record<string, string>;
  /** The body is the caller's own value: nothing is added to it. */
  readonly verbatim: boolean;
  readonly written: Record<string, Buffer>;
  constructor(status: number, body: unknown, { headers = {}, verbatim = false, written = {} }: ReplyOptions) {
    this.status = status;
    this.body = body;
    this.headers = headers;
    this.verbatim = verbatim;
    this.written = written;
  }
}
interface ReplyOptions {
  headers?: Record<string, string>;
  verbatim?: boolean;
  /** More fields of the body, whose values are JSON already: joined as they are, neither decoded nor parsed. */
  written?: Record<string, Buffer>;
}
/** An answer with a status of its own, or with headers such as ETag. */
export const reply = (status: number, body: unknown, options: ReplyOptions = {}): Reply => new Reply(status, body, options);

export const routes: { name: string; method: string; route: string }[] = [];

/**
 * Registers a route with the Functions host. Around `run` lies the one edge of the service: request id, caller, body limit before
 * parsing, validation, problem+json, one log line. Nothing leaves it as a stack or an empty 500.
 */
export function http<Body, Query, Params>(name: string, route: Route<Body, Query, Params>): void {
  routes.push({ name, method: route.method, route: route.route });
  app.http(name, {
    methods: [route.method],
    route: route.route,
    authLevel: 'anonymous', // our own keys decide, the same way under every host
    handler: (request, { traceContext }) => answer(services(), { name, route, request, traceparent: traceContext?.traceParent }),
  });
}

interface Asked<Body, Query, Params> {
  name: string;
  route: Route<Body, Query, Params>;
  request: HttpRequest;
  /** The host's own part of the caller's trace; else the header counts. */
  traceparent?: string;
}

/** Runs one request through the edge. Exported for tests that bring their own services. */
export function answer<B, Q, P>(context: Services, { name, route, request, traceparent }: Asked<B, Q, P>): Promise<HttpResponseInit> {
  const started = performance.now();
  const requestId = requestIdOf(context, request);
  const origin = { request_id: requestId, traceparent: traceparent ?? request.headers.get('traceparent') ?? undefined };
  return traced(async (trace) => {
    let tenant: string | undefined;
    let response: HttpResponseInit;
    let code: string | undefined;
    try {
      const caller = route.needs === 'nobody' ? nobody : await identify(context, request.headers);
      tenant = caller.tenant || undefined;
      if (route.needs === 'operator' && !caller.scopes.includes('operator')) {
        throw new MemoryError('scope_mismatch', 'this route needs the operator scope');
      }
      const result = await run(context, route, { caller, request });
      const standing = route.budget && context.budget.seen({ tenant: caller.tenant, user_id: trace.user ?? null });
      response = toResponse(result, { trace, standing });
    } catch (error) {
      const known = toKnown(context, error, { name, requestId });
      code = known.code;
      response = problem(known, { requestId, trace });
    }
    countSession(context, trace);
    countRequest(context, tenant, trace);
    const ms = Math.round((performance.now() - started) * 10) / 10;
    context.log('info', 'request', () => {
      const { redis_calls, cosmos_calls, ru, session, degraded } = trace;
      const seen = { session, degraded: [...degraded], redis_calls, cosmos_calls, ru: Math.round(ru * 100) / 100 };
      return { route: name, status: response.status, code, ms, tenant, request_id: requestId, ...seen };
    });
    return { ...response, headers: { ...response.headers, ...corsHeaders(context.config, request), 'x-request-id': requestId } };
  }, origin);
}

const nobody: Caller = {
  tenant: '',
  scopes: [],
  owner: () => {
    throw new MemoryError('unauthorized', 'this route knows no caller');
  },
  ownerOfSession: () => {
    throw new MemoryError('unauthorized', 'this route knows no caller');
  },
};

async function run<B, Q, P>(
  context: Services,
  route: Route<B, Q, P>,
  { caller, request }: { caller: Caller; request: HttpRequest },
): Promise<unknown> {
  const params = parseWith((route.params ?? NO_SCHEMA) as ZodType<P>, request.params, 'invalid_id');
  const query = parseWith((route.query ?? NO_SCHEMA) as ZodType<Q>, Object.fromEntries(request.query), 'invalid_query');
  const maxBytes = typeof route.maxBytes === 'function' ? route.maxBytes(context.config) : route.maxBytes;
  const raw = route.takesRaw && !isJson(request) ? await readBytes(request, maxBytes) : undefined;
  const schema = typeof route.body === 'function' ? route.body(context.config) : route.body;
  const body = schema && !raw ? parseWith(schema, await readJson(request, maxBytes), 'invalid_body') : (undefined as B);
  return route.run({ body, raw, query, params, caller, services: context, request });
}

function toResponse(result: unknown, { trace, standing }: { trace: Trace; standing: Standing | undefined }): HttpResponseInit {
  const { status, body, headers, verbatim, written } = result instanceof Reply ? result : reply(200, result);
  if (body instanceof Uint8Array) {
    const missing: Record<string, string> = trace.degraded.size > 0 ? { 'x-degraded': [...trace.degraded].join(',') } : {};
    return { status, headers: { ...headers, ...missing }, body };
  }
  const degraded = trace.degraded.size > 0 && { degraded: [...trace.degraded] };
  const budget = standing && standing.state !== 'ok' && { budget: { state: standing.state, of: standing.of } };
  const marked =
    (degraded || budget) && !verbatim && body !== null && typeof body === 'object' ? { ...body, ...degraded, ...budget } : body;
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: joined(JSON.stringify(marked), written),
  };
}

/** An object's JSON with more fields. */
function joined(object: string, written: Record<string, Buffer>): string | Buffer {
  const fields = Object.entries(written);
  if (fields.length === 0) return object;
  let before = object.slice(0, -1);
  const parts: Buffer[] = [];
  for (const [name, value] of fields) {
    parts.push(Buffer.from(`${before}${before.endsWith('{') ? '' : ','}${JSON.stringify(name)}:`), value);
    before = '';
  }
  return Buffer.concat([...parts, CLOSING]);
}

function toKnown(context: Services, error: unknown, { name, requestId }: { name: string; requestId: string }): MemoryError {
  if (error instanceof MemoryError) return error;
  const stack = error instanceof Error ? error.stack : String(error);
  context.log('error', 'unexpected', {
    route: name,
    request_id: requestId,
    kind: error instanceof Error ? error.name : typeof error,
    at: frames(stack),
  });
  return new MemoryError('internal_error', `something went wrong on our side; the log holds it under request_id ${requestId}`);
}

/** Where it happened, without the message: that may quote what the caller sent. */
const frames = (stack = ''): string[] =>
  stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 6)
    .map((line) => line.trim());

function problem(error: MemoryError, { requestId, trace }: { requestId: string; trace: Trace }): HttpResponseInit {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json; charset=utf-8' };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  if (error.code === 'unauthorized') headers['www-authenticate'] = 'Bearer';
  const degraded = trace.degraded.size > 0 ? { degraded: [...trace.degraded] } : {};
  return { status: ERROR_CODES[error.code].status, headers, body: JSON.stringify({ ...toProblem(error, requestId), ...degraded }) };
}

function countSession({ seen }: Services, { session }: Trace): void {
  if (session === 'hot') seen.hot++;
  else if (session === 'cold') seen.cold++;
}

/** The request units of a request go to its tenant and, where it was about one, its user. */
function countRequest({ ledger }: Services, tenant: string | undefined, { ru, user }: Trace): void {
  if (tenant !== undefined && ru > 0) ledger.count({ tenant, user_id: user ?? null, session_id: null, work: 'request' }, { ru });
}

/** The caller's own request id when it is a sane one, else a new one. */
export function requestIdOf({ mint }: Services, { headers }: HttpRequest): string {
  const given = headers.get('x-request-id');
  return given !== null && REQUEST_ID.test(given) ? given : mint();
}
