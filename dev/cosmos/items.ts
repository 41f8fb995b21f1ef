import type { Container } from './catalog.ts';
import { documentBody, type NewItem, newItem } from './document.ts';
import { badRequest, conflict, notFound, preconditionFailed } from './errors.ts';
import { isExpired } from './expiry.ts';
import { partitionOf } from './partition-key.ts';
import { applyPatch, parsePatch } from './patch.ts';
import { documentMatches } from './patch-condition.ts';
import type { Value, ValueObject } from './sql/values.ts';
import type { Store, StoredItem } from './store.ts';
import { checkUniqueKeys } from './unique-keys.ts';

/** Where an operation runs. `now` is in milliseconds. */
export interface ItemContext {
  store: Store;
  container: Container;
  now: number;
}

/** One operation on one item. `partition` is the stored form of the key the caller named. */
export interface ItemOperation {
  partition?: string;
  id?: string;
  body?: Value;
  ifMatch?: string;
  ifNoneMatch?: string;
}

export interface ItemResult {
  status: number;
  item?: Pick<StoredItem, 'text' | 'etag'>;
  /** Size of the document that was read or removed, where none is given back. */
  bytes?: number;
}

export type ItemVerb = 'create' | 'upsert' | 'replace' | 'read' | 'delete' | 'patch';

const PARTITION_MISMATCH = 1001;

function fetchItem({ store, container, now }: ItemContext, key: { partition: string; id: string }): StoredItem | undefined {
  const item = store.get(container.rid, key);
  if (item === undefined) return undefined;
  const fresh = { defaultTtl: container.definition.defaultTtl, now: now / 1000 };
  if (!isExpired(item, fresh)) return item;
  store.remove(container.rid, key);
  return undefined;
}

/** The item an operation addresses by partition and id. Throws 404 when there is none. */
function needItem(context: ItemContext, { partition, id }: ItemOperation): StoredItem {
  if (partition === undefined || id === undefined) throw badRequest('The operation needs a partition key and an id.');
  const item = fetchItem(context, { partition, id });
  if (item === undefined) throw notFound();
  return item;
}

function checkMatch(item: StoredItem, { ifMatch }: ItemOperation): void {
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== item.etag) throw preconditionFailed();
}

function keep({ store, container }: ItemContext, item: NewItem): NewItem {
  checkUniqueKeys(store, container, item);
  store.put(container.rid, item);
  return item;
}

/** Builds the stored form of a body. Throws 400 with sub-status 1001 when it belongs to another partition than the caller named. */
function build({ container, now }: ItemContext, { partition, body }: ItemOperation): NewItem {
  const item = newItem(container, documentBody(body), now);
  if (partition === undefined || partition === item.partition) return item;
  throw badRequest("PartitionKey extracted from document doesn't match the one specified in the header", PARTITION_MISMATCH);
}

function create(context: ItemContext, operation: ItemOperation): ItemResult {
  const item = build(context, operation);
  if (fetchItem(context, item) !== undefined) throw conflict();
  return { status: 201, item: keep(context, item) };
}

function upsert(context: ItemContext, operation: ItemOperation): ItemResult {
  const item = build(context, operation);
  const old = fetchItem(context, item);
  if (old === undefined) return { status: 201, item: keep(context, item) };
  checkMatch(old, operation);
  if (operation.ifNoneMatch === '*') throw preconditionFailed();
  return { status: 200, item: keep(context, item) };
}

function replace(context: ItemContext, operation: ItemOperation): ItemResult {
  const old = needItem(context, operation);
  checkMatch(old, operation);
  const item = build(context, operation);
  if (item.id !== old.id) throw badRequest(`The id of an item cannot be changed: ${old.id} is to become ${item.id}.`);
  return { status: 200, item: keep(context, item) };
}

function read(context: ItemContext, operation: ItemOperation): ItemResult {
  const item = needItem(context, operation);
  const bytes = item.text.length;
  return operation.ifNoneMatch === item.etag ? { status: 304, bytes } : { status: 200, item };
}

function remove(context: ItemContext, operation: ItemOperation): ItemResult {
  const item = needItem(context, operation);
  checkMatch(item, operation);
  context.store.remove(context.container.rid, item);
  return { status: 204, bytes: item.text.length };
}

function patch(context: ItemContext, operation: ItemOperation): ItemResult {
  const { operations, condition } = parsePatch(operation.body);
  const old = needItem(context, operation);
  checkMatch(old, operation);
  const document: ValueObject = JSON.parse(old.text);
  if (condition !== undefined && !documentMatches(document, condition)) throw preconditionFailed('The patch condition is not met.');
  applyPatch(document, operations);
  if (partitionOf(document, context.container.definition.partitionKey.paths) !== old.partition) {
    throw badRequest('The partition key of an item cannot be patched.', PARTITION_MISMATCH);
  }
  return { status: 200, item: keep(context, newItem(context.container, document, context.now)) };
}

/** Runs one operation. Throws the CosmosError that the service answers with; nothing is changed then. */
export function runItemOperation(verb: ItemVerb, context: ItemContext, operation: ItemOperation): ItemResult {
  const verbs = { create, upsert, replace, read, delete: remove, patch };
  return verbs[verb](context, operation);
}
