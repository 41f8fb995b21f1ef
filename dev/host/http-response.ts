import type { ServerResponse } from 'node:http';
import type { CookieData, HttpResponseData, NullableText, TypedData } from './worker-protocol.ts';

// The server frames the answer itself.
const FRAMING_HEADERS = ['connection', 'keep-alive', 'transfer-encoding', 'content-length'];

const SAME_SITE: Record<string, string> = { lax: 'lax', strict: 'strict', explicitNone: 'none' };

/** Sends a status without a body. */
export function sendStatus(response: ServerResponse, status: number): void {
  if (status !== 204) response.setHeader('content-length', 0);
  response.writeHead(status).end();
}

/** Sends what a function returned; nothing returned is a 204. */
export function sendResponseData(response: ServerResponse, data: HttpResponseData | undefined): void {
  if (!data) {
    sendStatus(response, 204);
    return;
  }
  const headers: Record<string, string | string[]> = { ...data.headers };
  for (const name of FRAMING_HEADERS) delete headers[name];
  if (data.cookies?.length) headers['set-cookie'] = data.cookies.map(formatCookie);
  response.writeHead(Number(data.statusCode ?? 200), headers);
  response.end(bodyBytes(data.body));
}

function bodyBytes(body: TypedData | null | undefined): Uint8Array | string | undefined {
  if (!body) return undefined;
  return body.bytes ?? body.string ?? body.json ?? undefined;
}

// Without a path a cookie is for the whole site: the default of ASP.NET Core's cookie options.
const SITE: NullableText = { value: '/' };

function formatCookie({ name, value, expires, maxAge, domain, path = SITE, secure, sameSite = 'none', httpOnly }: CookieData): string {
  const parts = [`${name}=${escapeCookie(value)}`];
  if (expires) parts.push(`expires=${new Date(expires.value.seconds * 1000).toUTCString()}`);
  if (maxAge) parts.push(`max-age=${maxAge.value}`);
  if (domain) parts.push(`domain=${domain.value}`);
  parts.push(`path=${path.value}`);
  if (secure?.value) parts.push('secure');
  if (SAME_SITE[sameSite]) parts.push(`samesite=${SAME_SITE[sameSite]}`);
  if (httpOnly?.value) parts.push('httponly');
  return parts.join('; ');
}

function escapeCookie(value: string): string {
  const percentEncode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(value).replace(/[!'()*]/g, percentEncode);
}
