import type { HttpRequest } from '@azure/functions';
import type { Config } from './config.ts';

const ALLOWED_HEADERS = 'authorization, content-type, idempotency-key, if-match, if-none-match, x-api-key, x-request-id';
const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const EXPOSED_HEADERS = 'x-request-id, retry-after, etag, x-item-tier, x-item-promoted-to, x-item-expires-at, x-item-size, x-degraded';

/** What a browser of a listed origin needs to read the answer; nothing for any other origin. */
export function corsHeaders(config: Config, request: HttpRequest): Record<string, string> {
  const origin = request.headers.get('origin');
  if (origin === null || !config.http.corsOrigins.includes(origin)) return {};
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED_HEADERS, vary: 'origin' };
}

/** The answer to a preflight: allowed for listed origins, silent for others. */
export function preflightHeaders(config: Config, request: HttpRequest): Record<string, string> {
  const allowed = corsHeaders(config, request);
  if (!allowed['access-control-allow-origin']) return {};
  const methods = { 'access-control-allow-methods': ALLOWED_METHODS, 'access-control-allow-headers': ALLOWED_HEADERS };
  return { ...allowed, ...methods, 'access-control-max-age': '600' };
}
