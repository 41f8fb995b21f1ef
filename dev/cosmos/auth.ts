import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { unauthorized } from './errors.ts';
import { header } from './request.ts';

/** Resource type and link as they are signed: the last named resource, and the path to it or to its parent. */
function signedResource(segments: readonly string[]): { type: string; link: string } {
  if (segments.at(-1) === 'partitionkeydelete') return { type: 'colls', link: segments.slice(0, -2).join('/') };
  const feed = segments.length % 2 === 1;
  return feed
    ? { type: segments.at(-1) ?? '', link: segments.slice(0, -1).join('/') }
    : { type: segments.at(-2) ?? '', link: segments.join('/') };
}

function signature(key: string, text: string): Buffer {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest();
}

function decoded(authorization: string): string {
  try {
    return decodeURIComponent(authorization);
  } catch {
    return '';
  }
}

interface SignedRequest {
  method: string;
  segments: readonly string[];
  headers: IncomingHttpHeaders;
}

/** Checks the master-key signature of a request. Throws 401 when it is missing or wrong, and for Entra tokens, which are not supported. */
export function authorize({ method, segments, headers }: SignedRequest, key: string): void {
  const given = decoded(header(headers, 'authorization') ?? '');
  if (given.startsWith('type=aad')) throw unauthorized('Entra tokens are not supported by the local Cosmos stand-in: use its key.');
  const { type, link } = signedResource(segments);
  const date = (header(headers, 'x-ms-date') ?? '').toLowerCase();
  const expected = signature(key, `${method.toLowerCase()}\n${type.toLowerCase()}\n${link}\n${date}\n\n`);
  const actual = Buffer.from(/(?:^|&)sig=(.+)$/.exec(given)?.[1] ?? '', 'base64');
  if (actual.length === expected.length && timingSafeEqual(actual, expected)) return;
  throw unauthorized("The input authorization token can't serve the request: the signature does not match the key of this server.");
}
