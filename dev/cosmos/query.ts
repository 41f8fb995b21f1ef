import { z } from 'zod';
import type { Container } from './catalog.ts';
import { decodeContinuation, encodeContinuation } from './continuation.ts';
import { badRequest, CosmosError } from './errors.ts';
import { isExpired } from './expiry.ts';
import { checkOrderBy, keepsMissing } from './indexing.ts';
import { narrow, needsPlan, queryScope, type Reach } from './narrowing.ts';
import { runPage } from './paging.ts';
import { parsePartitionHeader, partitionRange } from './partition-key.ts';
import { readReach } from './reach.ts';
import type { Query } from './sql/ast.ts';
import { settleDistances } from './sql/distances.ts';
import { parseQuery } from './sql/parser.ts';
import { type Pipeline, pipelineOf } from './sql/pipeline.ts';
import type { Value } from './sql/values.ts';
import type { Store, StoredItem } from './store.ts';

const DEFAULT_PAGE = 100;

const QueryBody = z.object({
  query: z.string(),
  parameters: z.array(z.object({ name: z.string(), value: z.custom<Value>().optional() })).default([]),
});

export interface QueryRequest {
  body: unknown;
  /** The partition key header, when the client sent one. */
  partition?: string;
  /** True when the SDK addresses a partition key range: it has a plan and takes the answer as it is. */
  planned: boolean;
  pageSize?: number;
  continuation?: string;
}

export interface QueryPage {
  documents: string[];
  continuation?: string;
  /** Size of what was read to find them, in characters of JSON. */
  scanned: number;
  /** How many documents these were. */
  looked: number;
}

interface Compiled {
  query: Query;
  pipeline: Pipeline;
}

/** Reads a query request's body. Throws 400 for a wrong shape. */
function parseBody(body: unknown): { text: string; parameters: Map<string, Value> } {
  const result = QueryBody.safeParse(body);
  if (!result.success) throw badRequest(`The query request is invalid: ${z.prettifyError(result.error)}`);
  const { query, parameters } = result.data;
  return { text: query, parameters: new Map(parameters.map(({ name, value }) => [name, value])) };
}

/** Compiles a query text. Throws 400 for syntax errors and what is not supported. */
function compileQuery(text: string, { definition }: Container): Compiled {
  const query = parseQuery(text);
  settleDistances(query, definition.vectorEmbeddingPolicy?.vectorEmbeddings ?? []);
  return { query, pipeline: pipelineOf(query) };
}

/** The refusal that makes the SDK fetch a plan and ask again by partition key range, without the partition key header. */
function planNeeded(): CosmosError {
  const message = 'Cross partition query only supports this query with a query plan.';
  return new CosmosError(400, 'BadRequest', { message, substatus: 1004, additionalErrorInfo: '{}' });
}

/** A query without FROM has one row, whatever the container holds. */
const NOTHING: StoredItem = { partition: '', id: '', text: 'null', etag: '', ts: 0, ttl: -1, lsn: 0 };

function* counted(
  items: Iterable<StoredItem>,
  page: { scanned: number; looked: number },
  isLive: (item: StoredItem) => boolean,
): Generator<StoredItem> {
  for (const item of items) {
    page.looked += 1;
    page.scanned += item.text.length;
    if (isLive(item)) yield item;
  }
}

/** What a request has to look at: the partitions of its header, else those that the WHERE clause demands. */
function reachOf(container: Container, compiled: Compiled, options: { partition?: string; parameters: Map<string, Value> }): Reach {
  const { paths } = container.definition.partitionKey;
  const reach = narrow(compiled.query, { paths, parameters: options.parameters });
  if (options.partition === undefined) return reach;
  return { ...reach, partitions: partitionRange(parsePartitionHeader(options.partition, paths), paths) };
}

/** Runs one page of a query over a container's live documents. `now` is in milliseconds. */
export function queryItems(store: Store, container: Container, { request, now }: { request: QueryRequest; now: number }): QueryPage {
  const { text, parameters } = parseBody(request.body);
  const compiled = compileQuery(text, container);
  const { query, pipeline } = compiled;
  const { indexingPolicy, defaultTtl } = container.definition;
  checkOrderBy(query, indexingPolicy);
  if (needsPlan(query) && !request.planned) throw planNeeded();

  const start = request.continuation === undefined ? undefined : decodeContinuation(request.continuation);
  const reach = reachOf(container, compiled, { partition: request.partition, parameters });
  const sorted = query.orderBy.length > 0;
  const after = start !== undefined && 'after' in start && !sorted ? start.after : undefined;

  const page = { scanned: 0, looked: 0 };
  const fresh = { defaultTtl, now: now / 1000 };
  const stored = query.from === undefined ? [NOTHING] : readReach(store, container.rid, { reach, after });
  const { documents, next } = runPage({
    pipeline,
    sorted,
    distinct: query.distinct,
    keepsMissing: keepsMissing(query, indexingPolicy),
    items: counted(stored, page, (item) => !isExpired(item, fresh)),
    scope: (document) => queryScope(query, document, parameters),
    pageSize: request.pageSize !== undefined && request.pageSize > 0 ? request.pageSize : DEFAULT_PAGE,
    start,
  });
  return { documents, ...page, ...(next === undefined ? {} : { continuation: encodeContinuation(next) }) };
}

/** The plan of a query: one range, nothing for the SDK to merge, because one physical partition does all of it here. */
export function queryPlan(body: unknown, container: Container): object {
  compileQuery(parseBody(body).text, container);
  return {
    partitionedQueryExecutionInfoVersion: 2,
    queryInfo: {
      distinctType: 'None',
      orderBy: [],
      orderByExpressions: [],
      groupByExpressions: [],
      groupByAliases: [],
      aggregates: [],
      groupByAliasToAggregateType: {},
      rewrittenQuery: '',
      hasSelectValue: false,
      hasNonStreamingOrderBy: false,
    },
    queryRanges: [{ min: '', max: 'FF', isMinInclusive: true, isMaxInclusive: false }],
  };
}
