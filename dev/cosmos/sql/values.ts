/** A JSON value as the query language sees it; `undefined` stands for "not there" and is a value of its own. */
export type Value = undefined | null | boolean | number | string | Value[] | ValueObject;
export interface ValueObject {
  [key: string]: Value;
}

/** The place of a value's type in the documented sort order: undefined, null, boolean, number, string, array, object. */
export function typeRank(value: Value): number {
  if (value === undefined) return 0;
  if (value === null) return 1;
  if (typeof value === 'boolean') return 2;
  if (typeof value === 'number') return 3;
  if (typeof value === 'string') return 4;
  return Array.isArray(value) ? 5 : 6;
}

/** True for a JSON object: neither null nor an array. */
export function isObject(value: Value): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deep equality; values of different types are never equal. */
export function deepEqual(left: Value, right: Value): boolean {
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item, index) => deepEqual(item, right[index]));
  }
  if (isObject(left)) {
    if (!isObject(right)) return false;
    const keys = Object.keys(left);
    return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && deepEqual(left[key], right[key]));
  }
  return left === right;
}

/** Sort order over all values: by type first, then by value for booleans, numbers and strings. Arrays and objects tie. */
export function compareValues(left: Value, right: Value): number {
  const rank = typeRank(left);
  const byType = rank - typeRank(right);
  if (byType !== 0) return byType;
  if (rank < 2 || rank > 4 || left === right) return 0;
  return (left as string) < (right as string) ? -1 : 1;
}

/** An own property of an object or an element of an array, else undefined. Never reads a prototype. */
export function property(of: Value, key: Value): Value {
  if (typeof of !== 'object' || of === null) return undefined;
  if (Array.isArray(of)) return typeof key === 'number' ? of[key] : undefined;
  return typeof key === 'string' && Object.hasOwn(of, key) ? of[key] : undefined;
}

/** Follows property names into a value; undefined where the path ends early. */
export function atPath(value: Value, path: readonly string[]): Value {
  return path.reduce<Value>((inner, key) => property(inner, key), value);
}

/** An object of the entries whose value is defined, as a SELECT list and an object literal make it. */
export function objectOf(entries: readonly (readonly [string, Value])[]): ValueObject {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
