import type { HttpRequest } from '@azure/functions';
import type { ZodError, ZodType } from 'zod';
import { type ErrorCode, MemoryError } from './errors.ts';

export const MAX_BODY_BYTES = 1_048_576;
const MAX_DEPTH = 64;

/** Reads, checks and parses a JSON body. Errors: unsupported_media_type, body_too_large, missing_body, invalid_json, invalid_text. */
export async function readJson(request: HttpRequest, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  if (!isJson(request)) {
    const type = request.headers.get('content-type') ?? '';
    throw new MemoryError('unsupported_media_type', `content-type must be application/json, saw ${JSON.stringify(type.slice(0, 100))}`);
  }
  const bytes = await bytesOf(request, maxBytes);
  if (bytes.length === 0) throw noBody(request);
  return parseClean(bytes);
}

export const IS_JSON = /^application\/json\s*(;|$)/i;
export const isJson = ({ headers }: HttpRequest): boolean => IS_JSON.test(headers.get('content-type') ?? '');

/** A body that is taken as it came. */
export interface RawBody {
  /** Content type. */
  type: string;
  data: Buffer;
}
const TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;[\x20-\x7e]*)?$/;
const LONGEST_TYPE = 255;

/** Reads a body of any other type; it may have no bytes. Errors: body_too_large, missing_body, unsupported_media_type. */
export async function readBytes(request: HttpRequest, maxBytes = MAX_BODY_BYTES): Promise<RawBody> {
  const type = request.headers.get('content-type') ?? 'application/octet-stream';
  checkType(type);
  const data = await bytesOf(request, maxBytes);
  if (data.length === 0 && request.headers.get('content-length') === null) throw noBody(request);
  return { type, data };
}

/** Errors: unsupported_media_type. */
export function checkType(type: string): void {
  if (type.length <= LONGEST_TYPE && TYPE.test(type)) return;
  const rule = `content-type must be a media type of at most ${LONGEST_TYPE} characters`;
  throw new MemoryError('unsupported_media_type', `${rule}, saw ${JSON.stringify(type.slice(0, 100))}`);
}

async function bytesOf(request: HttpRequest, maxBytes: number): Promise<Buffer> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  refuseLarge(announced, maxBytes);
  const bytes = Buffer.from(await request.arrayBuffer());
  refuseLarge(bytes.length, maxBytes);
  return bytes;
}

/** The same where a body may be left out, content-type and all: undefined then. */
export async function readJsonIfAny(request: HttpRequest): Promise<unknown> {
  return request.headers.get('content-type') === null ? undefined : readJson(request);
}

/** Errors: body_too_large. */
export function refuseLarge(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) throw new MemoryError('body_too_large', `a body may have ${maxBytes} bytes, saw ${bytes}`);
}

/** The Functions host hands over an empty body when the request had no Content-Length. */
function noBody(request: HttpRequest): MemoryError {
  const chunked = request.headers.get('content-length') === null;
  const why = chunked
    ? 'the Functions host drops bodies sent without Content-Length (chunked): send it with its length'
    : 'a JSON body is needed';
  return new MemoryError('missing_body', why);
}

/** The JSON value of a text in UTF-8. Errors: invalid_json, invalid_text, invalid_body. */
export function parseClean(bytes: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it does not parse' : 'it is not UTF-8';
    throw new MemoryError('invalid_json', `the body is not valid JSON: ${why}`);
  }
  refuseUnclean(value, '');
  return value;
}

/** NUL, lone surrogates and 1e999 cannot be stored faithfully, `__proto__` as a key is an attack, and depth is bounded. */
function refuseUnclean(value: unknown, path: string, depth = 0): void {
  if (depth > MAX_DEPTH) throw new MemoryError('invalid_body', `the body is nested deeper than ${MAX_DEPTH}`);
  if (typeof value === 'string') refuseText(value, path);
  if (value === Infinity || value === -Infinity) throw new MemoryError('invalid_body', `${path || 'the body'} is a number out of range`);
  if (value === null || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') throw new MemoryError('invalid_body', `the key "__proto__" is not allowed (at ${path || 'the top'})`);
    refuseText(key, path);
    refuseUnclean(inner, path ? `${path}.${key}` : key, depth + 1);
  }
}

function refuseText(text: string, path: string): void {
  if (text.includes('\u0000')) throw new MemoryError('invalid_text', `${path || 'a key'} holds a NUL character`);
  if (!text.isWellFormed()) throw new MemoryError('invalid_text', `${path || 'a key'} holds half of a surrogate pair`);
}

/** Parses with a schema, or throws `code` naming each field, its rule and never its value beyond what the rule shows. */
export function parseWith<T>(schema: ZodType<T>, value: unknown, code: ErrorCode): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = issuesOf(parsed.error);
  const onlyIds = errors.every(({ path }) => /(^|\.)(\w+_)?id$/.test(path)) && hasValues(errors, value);
  const detail = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  throw new MemoryError(onlyIds ? 'invalid_id' : code, detail.slice(0, 1000), { errors });
}

const issuesOf = (error: ZodError) => error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join('.'), message }));

/** An id that is there but breaks the rule is `invalid_id`; one that is missing or of another type is an ordinary fault of the body. */
function hasValues(errors: { path: string }[], value: unknown): boolean {
  return errors.every(({ path }) => {
    const found = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
    return typeof found === 'string';
  });
}
