import { z } from 'zod';
import { itemCharge } from './charge.ts';
import { badRequest, CosmosError, tooLarge } from './errors.ts';
import { type ItemContext, type ItemOperation, type ItemResult, type ItemVerb, runItemOperation } from './items.ts';
import { exactPartition } from './partition-key.ts';
import type { Value } from './sql/values.ts';

const MAX_OPERATIONS = 100; // documented
const MAX_BATCH_BYTES = 2 * 1024 * 1024; // documented

const Operation = z.object({
  operationType: z.enum(['Create', 'Upsert', 'Replace', 'Read', 'Delete', 'Patch']),
  id: z.string().optional(),
  partitionKey: z.string().optional(),
  ifMatch: z.string().optional(),
  ifNoneMatch: z.string().optional(),
  resourceBody: z.custom<Value>().optional(),
});
type Operation = z.infer<typeof Operation>;

export interface BatchRequest {
  body: unknown;
  /** Size of the request's body. */
  bytes: number;
  /** The partition key header of an atomic batch; a bulk request names a key in each operation. */
  partition?: string;
  atomic: boolean;
  continueOnError: boolean;
  /** True leaves the documents out of the answer. */
  minimal: boolean;
}

export interface OperationAnswer {
  statusCode: number;
  subStatusCode?: number;
  requestCharge: number;
  eTag?: string;
  resourceBody?: Value;
  message?: string;
}

export interface BatchAnswer {
  status: number;
  results: OperationAnswer[];
}

const FAILED_DEPENDENCY: OperationAnswer = { statusCode: 424, requestCharge: 0 };

function parseOperations({ body, bytes }: BatchRequest): Operation[] {
  if (bytes > MAX_BATCH_BYTES) throw tooLarge('Request size is too large: a batch may have 2 MB.');
  if (!Array.isArray(body) || body.length === 0) throw badRequest('A batch is an array of at least one operation.');
  if (body.length > MAX_OPERATIONS)
    throw badRequest(`Batch request has more operations than what is supported: ${body.length}, limit ${MAX_OPERATIONS}.`);
  const result = z.array(Operation).safeParse(body);
  if (result.success) return result.data;
  throw badRequest(`The batch is invalid: ${z.prettifyError(result.error)}`);
}

function idOf({ id, resourceBody }: Operation): string | undefined {
  if (id !== undefined) return id;
  const own = typeof resourceBody === 'object' && resourceBody !== null && !Array.isArray(resourceBody) ? resourceBody.id : undefined;
  return typeof own === 'string' ? own : undefined;
}

function answerOf(verb: ItemVerb, { status, item, bytes = 0 }: ItemResult, minimal: boolean): OperationAnswer {
  const requestCharge = itemCharge(verb, item?.text.length ?? bytes);
  if (item === undefined) return { statusCode: status, requestCharge };
  const withTag = { statusCode: status, requestCharge, eTag: item.etag };
  return minimal ? withTag : { ...withTag, resourceBody: JSON.parse(item.text) };
}

function refusalOf(verb: ItemVerb, error: unknown): OperationAnswer {
  if (!(error instanceof CosmosError)) throw error;
  const { status, substatus = 0, message } = error;
  return { statusCode: status, subStatusCode: substatus, requestCharge: itemCharge(verb, 0), message };
}

/** Carries the answers of a batch that must be undone out of its transaction. */
class Undone extends Error {
  readonly results: OperationAnswer[];

  constructor(results: OperationAnswer[]) {
    super('the batch failed');
    this.results = results;
  }
}

function runOne(context: ItemContext, operation: Operation, request: BatchRequest): OperationAnswer {
  const verb = operation.operationType.toLowerCase() as ItemVerb;
  const { paths } = context.container.definition.partitionKey;
  try {
    const named = operation.partitionKey === undefined ? undefined : exactPartition(operation.partitionKey, paths);
    const partition = request.atomic ? exactPartition(request.partition, paths) : named;
    if (named !== undefined && named !== partition) {
      throw badRequest('The partition key of an operation is not the one of the batch.', 1001);
    }
    const item: ItemOperation = { partition, id: idOf(operation), body: operation.resourceBody };
    if (operation.ifMatch !== undefined) item.ifMatch = operation.ifMatch;
    if (operation.ifNoneMatch !== undefined) item.ifNoneMatch = operation.ifNoneMatch;
    return answerOf(verb, runItemOperation(verb, context, item), request.minimal);
  } catch (error) {
    return refusalOf(verb, error);
  }
}

const failed = ({ statusCode }: OperationAnswer): boolean => statusCode >= 400;

function runAll(context: ItemContext, operations: Operation[], request: BatchRequest): OperationAnswer[] {
  const results: OperationAnswer[] = [];
  for (const operation of operations) {
    const answer = runOne(context, operation, request);
    results.push(answer);
    if (failed(answer) && !request.continueOnError) break;
  }
  return results;
}

/** All of it or nothing: 200, or 207 with the failing operation's own status and 424 for every other one. */
function runAtomic(context: ItemContext, operations: Operation[], request: BatchRequest): BatchAnswer {
  try {
    const results = context.store.atomically(() => {
      const answers = runAll(context, operations, { ...request, continueOnError: false });
      if (answers.some(failed)) throw new Undone(answers);
      return answers;
    });
    return { status: 200, results };
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
    const culprit = error.results.length - 1;
    const results = operations.map((_, index) => (index === culprit ? (error.results[index] ?? FAILED_DEPENDENCY) : FAILED_DEPENDENCY));
    return { status: 207, results };
  }
}

/** Runs a batch (one partition, atomic) or a bulk request (each operation for itself, in one transaction for speed). */
export function runBatch(context: ItemContext, request: BatchRequest): BatchAnswer {
  const operations = parseOperations(request);
  if (request.atomic) {
    exactPartition(request.partition, context.container.definition.partitionKey.paths);
    return runAtomic(context, operations, request);
  }
  const results = context.store.atomically(() => runAll(context, operations, request));
  const untried = operations.slice(results.length).map(() => FAILED_DEPENDENCY);
  return { status: results.some(failed) ? 207 : 200, results: [...results, ...untried] };
}
