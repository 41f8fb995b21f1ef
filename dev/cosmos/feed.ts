import { type Answer, json } from './answer.ts';
import type { Container } from './catalog.ts';
import { queryCharge } from './charge.ts';
import { badRequest, notSupported } from './errors.ts';
import { isExpired } from './expiry.ts';
import { parsePartitionHeader, partitionRange } from './partition-key.ts';
import { queryItems } from './query.ts';
import { type CosmosRequest, header } from './request.ts';
import type { Store, StoredItem } from './store.ts';

interface FeedContext {
  store: Store;
  container: Container;
  now: number;
}

/** A page of documents as the feed and the query answer give it; `texts` are JSON documents. */
export function documentPage(container: Container, texts: string[], continuation?: string): Answer {
  return {
    status: 200,
    text: `{"_rid":${JSON.stringify(String(container.rid))},"Documents":[${texts.join(',')}],"_count":${texts.length}}`,
    headers: { 'x-ms-item-count': String(texts.length), ...(continuation === undefined ? {} : { 'x-ms-continuation': continuation }) },
  };
}

/** The page size a request asks for; undefined for the server's choice. */
export function pageSizeOf({ headers }: CosmosRequest): number | undefined {
  const asked = Number(header(headers, 'x-ms-max-item-count'));
  return Number.isInteger(asked) && asked > 0 ? asked : undefined;
}

function readAll({ store, container, now }: FeedContext, request: CosmosRequest): Answer {
  const page = queryItems(store, container, {
    now,
    request: {
      body: { query: 'SELECT * FROM c' },
      partition: request.partition,
      planned: false,
      pageSize: pageSizeOf(request),
      continuation: header(request.headers, 'x-ms-continuation'),
    },
  });
  return { ...documentPage(container, page.documents, page.continuation), charge: queryCharge(page.scanned) };
}

/** Where a change feed starts: after the change an etag names, at a time, from now (`*`), or at the beginning. */
function startOf({ headers }: CosmosRequest, current: number): { lsn: number; ts: number } {
  const etag = header(headers, 'if-none-match');
  if (etag === '*') return { lsn: current, ts: 0 };
  const lsn = etag === undefined ? 0 : Number(etag.replaceAll('"', ''));
  if (!Number.isInteger(lsn)) throw badRequest(`The change feed position ${etag} is malformed.`);
  const since = Date.parse(header(headers, 'if-modified-since') ?? '');
  return { lsn, ts: Number.isNaN(since) || etag !== undefined ? 0 : Math.floor(since / 1000) };
}

function changedText({ text, lsn }: StoredItem): string {
  return `${text.slice(0, -1)},"_lsn":${lsn}}`;
}

/** The latest version of what changed, in order; 304 when nothing did. Deletions are not seen. */
function readChanges({ store, container, now }: FeedContext, request: CosmosRequest): Answer {
  const mode = header(request.headers, 'a-im') ?? '';
  if (!/^incremental feed$/i.test(mode)) throw notSupported(`The change feed mode '${mode}'`);
  const { paths } = container.definition.partitionKey;
  const { partition, partitionPrefix } = partitionRange(parsePartitionHeader(request.partition ?? '[]', paths), paths);
  const fresh = { defaultTtl: container.definition.defaultTtl, now: now / 1000 };
  const start = startOf(request, store.lsn());
  const size = pageSizeOf(request) ?? 100;
  const found: StoredItem[] = [];
  for (const item of store.changes(container.rid, start.lsn)) {
    if (partition !== undefined && item.partition !== partition) continue;
    if (partitionPrefix !== undefined && !item.partition.startsWith(partitionPrefix)) continue;
    if (item.ts < start.ts || isExpired(item, fresh)) continue;
    found.push(item);
    if (found.length === size) break;
  }
  const etag = `"${found.at(-1)?.lsn ?? start.lsn}"`;
  if (found.length === 0) return { status: 304, headers: { etag } };
  const page = documentPage(container, found.map(changedText));
  return { ...page, headers: { ...page.headers, etag }, charge: queryCharge(found.reduce((sum, item) => sum + item.text.length, 0)) };
}

/** GET on a container's items: all of them by pages, or the change feed when the request asks for it. */
export function readFeed(context: FeedContext, request: CosmosRequest): Answer {
  if (request.method !== 'GET') return json(405, { code: 'MethodNotAllowed', message: `${request.method} is not allowed here.` });
  return request.headers['a-im'] === undefined ? readAll(context, request) : readChanges(context, request);
}
