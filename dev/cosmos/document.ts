import { createHash, randomUUID } from 'node:crypto';
import type { Container } from './catalog.ts';
import { badRequest, tooLarge } from './errors.ts';
import { partitionOf } from './partition-key.ts';
import { isObject, type Value, type ValueObject } from './sql/values.ts';
import type { StoredItem } from './store.ts';

const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024; // documented: UTF-8 length of the JSON
const MAX_ID_BYTES = 1023;
const MAX_TTL_SECONDS = 2_147_483_647;

/** A document that is ready to be stored. */
export type NewItem = Omit<StoredItem, 'lsn'>;

/** The id of a document body. Throws 400 when the service would not take it. */
function documentId(body: ValueObject): string {
  const { id } = body;
  if (typeof id !== 'string' || id === '') throw badRequest("The input content is invalid because the required property 'id' is missing.");
  if (/[/\\#?]/.test(id) || id.endsWith(' ') || !id.isWellFormed())
    throw badRequest(`The id ${JSON.stringify(id)} contains illegal characters.`);
  if (Buffer.byteLength(id) > MAX_ID_BYTES) throw badRequest(`The id is longer than ${MAX_ID_BYTES} bytes.`);
  return id;
}

/** A document body. Throws 400 when it is no JSON object. */
export function documentBody(body: Value): ValueObject {
  if (isObject(body)) return body;
  throw badRequest('The input content is invalid: a document is a JSON object.');
}

function ttlOf({ ttl }: ValueObject): number | null {
  if (ttl === undefined || ttl === null) return null;
  const valid = typeof ttl === 'number' && Number.isInteger(ttl) && (ttl === -1 || (ttl > 0 && ttl <= MAX_TTL_SECONDS));
  if (!valid)
    throw badRequest(`The input ttl ${JSON.stringify(ttl)} is invalid: -1 or a whole number of seconds from 1 to ${MAX_TTL_SECONDS}.`);
  return ttl;
}

/** Resource ids are opaque to clients; the same document keeps its own over replacements. */
function resourceIdOf(container: Container, key: { partition: string; id: string }): string {
  const digest = createHash('sha1').update(`${container.rid}\n${key.partition}\n${key.id}`).digest();
  return `${digest.subarray(0, 15).toString('base64url')}==`;
}

/** Gives a body its system properties and checks id, ttl and size (413 above 2 MB). `now` is in milliseconds. */
export function newItem(container: Container, body: ValueObject, now: number): NewItem {
  const id = documentId(body);
  const partition = partitionOf(body, container.definition.partitionKey.paths);
  const etag = `"${randomUUID()}"`;
  const ts = Math.floor(now / 1000);
  const text = JSON.stringify({
    ...body,
    _rid: resourceIdOf(container, { partition, id }),
    _self: `dbs/${container.database}/colls/${container.id}/docs/${id}/`,
    _etag: etag,
    _attachments: 'attachments/',
    _ts: ts,
  });
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) throw tooLarge('Request size is too large: a document may have 2 MB.');
  return { partition, id, text, etag, ts, ttl: ttlOf(body) };
}
