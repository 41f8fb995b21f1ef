import type { Answer } from './answer.ts';
import { runBatch } from './batch.ts';
import type { Container } from './catalog.ts';
import { itemCharge, queryCharge } from './charge.ts';
import { notSupported } from './errors.ts';
import { documentPage, pageSizeOf, readFeed } from './feed.ts';
import { type ItemOperation, type ItemVerb, runItemOperation } from './items.ts';
import { exactPartition } from './partition-key.ts';
import { queryItems, queryPlan } from './query.ts';
import { type CosmosRequest, flag, header } from './request.ts';
import type { Value } from './sql/values.ts';
import type { Store } from './store.ts';

interface ItemRouteContext {
  store: Store;
  container: Container;
  now: number;
}

const isMinimal = ({ headers }: CosmosRequest): boolean => header(headers, 'prefer') === 'return=minimal';

function operate(context: ItemRouteContext, verb: ItemVerb, request: CosmosRequest): Answer {
  const { headers } = request;
  const operation: ItemOperation = {
    partition: exactPartition(request.partition, context.container.definition.partitionKey.paths),
    body: request.body as Value,
    ifMatch: header(headers, 'if-match'),
    ifNoneMatch: header(headers, 'if-none-match'),
  };
  if (request.segments[5] !== undefined) operation.id = request.segments[5];
  const { status, item, bytes = 0 } = runItemOperation(verb, context, operation);
  if (item === undefined) return { status, charge: itemCharge(verb, bytes) };
  const answer: Answer = { status, headers: { etag: item.etag }, charge: itemCharge(verb, item.text.length) };
  return verb !== 'read' && isMinimal(request) ? answer : { ...answer, text: item.text };
}

function batch(context: ItemRouteContext, request: CosmosRequest): Answer {
  const { headers } = request;
  const { status, results } = runBatch(context, {
    body: request.body,
    bytes: request.bytes,
    partition: request.partition,
    atomic: flag(headers, 'x-ms-cosmos-batch-atomic'),
    continueOnError: header(headers, 'x-ms-cosmos-batch-continue-on-error')?.toLowerCase() !== 'false',
    minimal: isMinimal(request),
  });
  const charge = results.reduce((sum, { requestCharge }) => sum + requestCharge, 0);
  return { status, text: JSON.stringify(results), charge: Math.round(charge * 100) / 100 };
}

function query({ store, container, now }: ItemRouteContext, request: CosmosRequest): Answer {
  const { headers } = request;
  const page = queryItems(store, container, {
    now,
    request: {
      body: request.body,
      partition: request.partition,
      planned: headers['x-ms-documentdb-partitionkeyrangeid'] !== undefined,
      pageSize: pageSizeOf(request),
      continuation: header(headers, 'x-ms-continuation'),
    },
  });
  const answer = { ...documentPage(container, page.documents, page.continuation), charge: queryCharge(page.scanned) };
  if (!flag(headers, 'x-ms-documentdb-populatequerymetrics')) return answer;
  const metrics = `retrievedDocumentCount=${page.looked};retrievedDocumentSize=${page.scanned};outputDocumentCount=${page.documents.length}`;
  return { ...answer, headers: { ...answer.headers, 'x-ms-documentdb-query-metrics': metrics } };
}

/** POST …/operations/partitionkeydelete: every item of one partition, at once. */
function deletePartition({ store, container }: ItemRouteContext, request: CosmosRequest): Answer {
  if (request.segments[5] !== 'partitionkeydelete') throw notSupported(`The operation ${request.segments[5]}`);
  const partition = exactPartition(request.partition, container.definition.partitionKey.paths);
  store.removePartition(container.rid, partition);
  return { status: 200, text: '{}' };
}

function refuseTriggers({ headers }: CosmosRequest): void {
  const name = ['x-ms-documentdb-pre-trigger-include', 'x-ms-documentdb-post-trigger-include'].find((key) => headers[key] !== undefined);
  if (name !== undefined) throw notSupported('Triggers');
}

/** Everything under a container's `docs` and `operations`. */
export function routeItems(context: ItemRouteContext, request: CosmosRequest): Answer {
  refuseTriggers(request);
  switch (request.kind) {
    case 'batch':
      return batch(context, request);
    case 'query':
      return query(context, request);
    case 'queryplan':
      return { status: 200, text: JSON.stringify(queryPlan(request.body, context.container)) };
    case 'feed':
      return readFeed(context, request);
    case 'meta':
      throw notSupported(`${request.method} on an item's ${request.segments.slice(6).join('/') || 'path'}`);
    case 'delete':
      return request.segments[4] === 'operations' ? deletePartition(context, request) : operate(context, 'delete', request);
    default:
      return operate(context, request.kind, request);
  }
}
