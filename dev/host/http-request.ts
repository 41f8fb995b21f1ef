import type { IncomingMessage } from 'node:http';
import type { RouteValues } from './route-template.ts';
import type { HttpRequestData, NullableText } from './worker-protocol.ts';

type NullableTexts = Record<string, NullableText>;

export class BodyTooLarge extends Error {}

/** The path as routes see it: percent-decoded, but for an encoded slash, and left alone when it cannot be decoded. */
export function decodePath(path: string): string {
  const plain = path.includes('/.') ? new URL(`http://localhost${path}`).pathname : path;
  if (!plain.includes('%')) return plain;
  try {
    return decodeURIComponent(plain.replace(/%2f/gi, (slash) => `%25${slash.slice(1)}`));
  } catch {
    return plain;
  }
}

/** The request as the worker gets it. A body counts only with its Content-Length. Rejects when the caller hangs up. */
export async function toRequestData(request: IncomingMessage, values: RouteValues, maxBytes: number): Promise<HttpRequestData> {
  const { method = 'GET', url = '/', headers } = request;
  const queryStart = url.indexOf('?');
  const data: HttpRequestData = {
    method,
    url: `http://${headers.host}${url}`,
    nullableHeaders: headerTexts(request.rawHeaders),
    nullableParams: paramTexts(values),
    nullableQuery: queryStart < 0 ? {} : queryTexts(url.slice(queryStart + 1)),
  };
  const length = Number(headers['content-length'] ?? 0);
  if (length > maxBytes) throw new BodyTooLarge(`The body has ${length} bytes, more than ${maxBytes}.`);
  if (length > 0) data.body = { bytes: await readBody(request, length) };
  return data;
}

function headerTexts(raw: string[]): NullableTexts {
  const texts = Object.create(null) as NullableTexts;
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    const earlier = texts[name];
    texts[name] = { value: earlier ? `${earlier.value},${value}` : value };
  }
  return texts;
}

function paramTexts(values: RouteValues): NullableTexts {
  const texts: NullableTexts = {};
  for (const name in values) texts[name] = { value: values[name] ?? '' };
  return texts;
}

/** Repeats of one name, in any case, become one text joined by commas under the first spelling. */
function queryTexts(query: string): NullableTexts {
  const texts = Object.create(null) as NullableTexts;
  const spellings = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const spelling = spellings.get(name.toLowerCase()) ?? name;
    spellings.set(name.toLowerCase(), spelling);
    const earlier = texts[spelling];
    texts[spelling] = { value: earlier ? `${earlier.value},${value}` : value };
  }
  return texts;
}

function readBody(request: IncomingMessage, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length)));
    request.on('error', reject);
  });
}
