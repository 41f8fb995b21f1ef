import { z } from 'zod';
import { badRequest } from './errors.ts';
import { isObject, type Value, type ValueObject } from './sql/values.ts';

const MAX_OPERATIONS = 10; // documented

const Operation = z.object({
  op: z.enum(['add', 'set', 'replace', 'remove', 'incr', 'move']),
  path: z.string().startsWith('/'),
  from: z.string().startsWith('/').optional(),
  value: z.custom<Value>().optional(),
});
type Operation = z.infer<typeof Operation>;

const Patch = z.object({
  operations: z.array(Operation).min(1).max(MAX_OPERATIONS, `The number of patch operations can't exceed ${MAX_OPERATIONS}`),
  condition: z.string().optional(),
});
export type Patch = z.infer<typeof Patch>;

const SYSTEM_PROPERTIES = new Set(['id', '_rid', '_self', '_etag', '_attachments', '_ts']);

/** Reads a patch body, `[…]` or `{operations, condition}`. Throws 400 for a wrong one. */
export function parsePatch(body: Value): Patch {
  const result = Patch.safeParse(Array.isArray(body) ? { operations: body } : body);
  if (result.success) return result.data;
  throw badRequest(`The patch is invalid: ${z.prettifyError(result.error)}`);
}

function segmentsOf(path: string): string[] {
  const segments = path
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (SYSTEM_PROPERTIES.has(segments[0] ?? '')) throw badRequest(`The path ${path} names a system property, which cannot be patched.`);
  return segments;
}

/** One property of an object or one element of an array. */
interface Place {
  read(): Value;
  /** True for a property or element that is there. */
  exists: boolean;
  write(value: Value): void;
  insert(value: Value): void;
  remove(): void;
}

function arrayPlace(array: Value[], key: string, path: string): Place {
  const index = key === '-' ? array.length : /^(0|[1-9]\d*)$/.test(key) ? Number(key) : Number.NaN;
  if (!(index <= array.length)) throw badRequest(`The path ${path} is no position in the array of ${array.length}.`);
  return {
    exists: index < array.length,
    read: () => array[index],
    write: (value) => {
      array[index] = value;
    },
    insert: (value) => {
      array.splice(index, 0, value);
    },
    remove: () => {
      array.splice(index, 1);
    },
  };
}

function objectPlace(object: ValueObject, key: string): Place {
  // defineProperty makes `__proto__` an ordinary property
  const write = (value: Value): void => {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  };
  return {
    exists: Object.hasOwn(object, key),
    read: () => (Object.hasOwn(object, key) ? object[key] : undefined),
    write,
    insert: write,
    remove: () => {
      delete object[key];
    },
  };
}

function locate(document: ValueObject, path: string): Place {
  const segments = segmentsOf(path);
  let parent: Value = document;
  for (const [depth, key] of segments.entries()) {
    if (!Array.isArray(parent) && !isObject(parent))
      throw badRequest(`The path ${path} leads through something that is no object or array.`);
    const place: Place = Array.isArray(parent) ? arrayPlace(parent, key, path) : objectPlace(parent, key);
    if (depth === segments.length - 1) return place;
    parent = place.read();
  }
  throw badRequest(`The path ${path} is empty.`);
}

function existing(document: ValueObject, path: string, op: string): Place {
  const place = locate(document, path);
  if (!place.exists) throw badRequest(`The patch operation ${op} needs ${path} to exist.`);
  return place;
}

function increment(place: Place, { path, value }: Operation): void {
  const before = place.exists ? place.read() : 0;
  if (typeof before !== 'number' || typeof value !== 'number') throw badRequest(`The patch operation incr needs numbers at ${path}.`);
  place.write(before + value);
}

function move(document: ValueObject, { path, from }: Operation): void {
  if (from === undefined) throw badRequest('The patch operation move needs a from path.');
  if (path.startsWith(`${from}/`)) throw badRequest(`The patch operation move cannot move ${from} into itself.`);
  const source = existing(document, from, 'move');
  const value = source.read();
  source.remove();
  locate(document, path).insert(value);
}

type Apply = (document: ValueObject, operation: Operation) => void;

const APPLY: Record<Operation['op'], Apply> = {
  add: (document, { path, value }) => locate(document, path).insert(value),
  set: (document, { path, value }) => locate(document, path).write(value),
  replace: (document, { op, path, value }) => existing(document, path, op).write(value),
  remove: (document, { op, path }) => existing(document, path, op).remove(),
  incr: (document, operation) => increment(locate(document, operation.path), operation),
  move,
};

const NEEDS_VALUE = new Set<Operation['op']>(['add', 'set', 'replace', 'incr']);

/** Applies the operations in order to a document, which is changed in place. Throws 400 at the first that cannot be applied. */
export function applyPatch(document: ValueObject, operations: readonly Operation[]): void {
  for (const operation of operations) {
    const { op, value } = operation;
    if (value === undefined && NEEDS_VALUE.has(op)) throw badRequest(`The patch operation ${op} needs a value.`);
    APPLY[op](document, operation);
  }
}
