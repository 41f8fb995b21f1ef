import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { CallKind } from './calls.ts';
import { badRequest, tooLarge } from './errors.ts';

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** A request as the router sees it. */
export interface CosmosRequest {
  kind: CallKind;
  method: string;
  /** The decoded parts of the path: `dbs`, a database, `colls`, a container, `docs`, an id. */
  segments: string[];
  database?: string;
  container?: string;
  /** The partition key header, a JSON array. */
  partition?: string;
  id?: string;
  headers: IncomingHttpHeaders;
  body: unknown;
  bytes: number;
}

/** A header that the SDKs send as `True`, `true` or not at all. */
export function flag(headers: IncomingHttpHeaders, name: string): boolean {
  return String(headers[name] ?? '').toLowerCase() === 'true';
}

/** A header with a single value. */
export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function isQuery(headers: IncomingHttpHeaders): boolean {
  return flag(headers, 'x-ms-documentdb-isquery') || /query\+json/.test(header(headers, 'content-type') ?? '');
}

const ITEM_VERBS: Record<string, CallKind> = { GET: 'read', PUT: 'replace', PATCH: 'patch', DELETE: 'delete' };

function kindOf(method: string, segments: string[], headers: IncomingHttpHeaders): CallKind {
  if (segments[4] === 'operations') return 'delete';
  if (segments[4] !== 'docs' || segments.length > 6) return 'meta';
  if (segments.length === 6) return ITEM_VERBS[method] ?? 'meta';
  if (method !== 'POST') return 'feed';
  if (flag(headers, 'x-ms-cosmos-is-query-plan-request')) return 'queryplan';
  if (isQuery(headers)) return 'query';
  if (flag(headers, 'x-ms-cosmos-is-batch-request')) return 'batch';
  return flag(headers, 'x-ms-documentdb-is-upsert') ? 'upsert' : 'create';
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES) throw tooLarge('Request size is too large');
  return Buffer.concat(chunks);
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('The request body is no valid JSON.');
  }
}

function decodePath(url: string): string[] {
  const [path = ''] = url.split('?');
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    throw badRequest('The request path is not percent-encoded properly.');
  }
}

function bodyId(body: unknown): string | undefined {
  const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** Reads a whole request. Throws 400 for a body that is no JSON and 413 for one above 8 MB. */
export async function readRequest(message: IncomingMessage): Promise<CosmosRequest> {
  const { headers, method = 'GET', url = '/' } = message;
  const buffer = await readBody(message);
  const segments = decodePath(url);
  const body = parseJson(buffer.toString());
  const request: CosmosRequest = { kind: kindOf(method, segments, headers), method, segments, headers, body, bytes: buffer.length };
  if (segments[0] === 'dbs' && segments[1] !== undefined) request.database = segments[1];
  if (segments[2] === 'colls' && segments[3] !== undefined) request.container = segments[3];
  const partition = header(headers, 'x-ms-documentdb-partitionkey');
  if (partition !== undefined) request.partition = partition;
  const id = segments[5] ?? (request.kind === 'create' || request.kind === 'upsert' ? bodyId(body) : undefined);
  if (id !== undefined && request.kind !== 'meta') request.id = id;
  return request;
}
