import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../support/api.ts';

/** What Python's dict and list would do, or the code of the error that stands for its exception. */
export type Expected = { is: Json } | { error: string };

const list = (fields: Map<string, Json>, name: string, missing: Json[] | undefined): Json[] | string => {
  const value = fields.has(name) ? fields.get(name) : missing;
  if (value === undefined) return 'missing';
  return Array.isArray(value) ? value : 'wrong_type';
};

/** One operation on the model of a session's fields. */
export type Operation =
  | { op: 'put'; name: string; value: Json }
  | { op: 'delete'; name: string }
  | { op: 'append'; name: string; value: Json; max_length?: number }
  | { op: 'extend'; name: string; values: Json[]; max_length?: number }
  | { op: 'insert'; name: string; index: number; value: Json }
  | { op: 'pop'; name: string; index: number }
  | { op: 'remove'; name: string; value: Json }
  | { op: 'increment'; name: string; by: number }
  | { op: 'length'; name: string }
  | { op: 'slice'; name: string; start: number; stop?: number };

/** Does the operation on a plain Map, as Python does it on a dict of lists. */
export function model(fields: Map<string, Json>, o: Operation): Expected {
  switch (o.op) {
    case 'put':
      fields.set(o.name, o.value);
      return { is: o.value };
    case 'delete':
      return { is: fields.delete(o.name) };
    case 'increment': {
      const old = fields.has(o.name) ? fields.get(o.name) : 0;
      if (typeof old !== 'number') return { error: 'wrong_type' };
      fields.set(o.name, old + o.by);
      return { is: old + o.by };
    }
    case 'length': {
      const found = list(fields, o.name, []);
      return typeof found === 'string' ? { error: found } : { is: found.length };
    }
    case 'slice': {
      const found = list(fields, o.name, undefined);
      if (typeof found === 'string') return { error: found === 'missing' ? 'field_not_found' : found };
      return { is: found.slice(o.start, o.stop) };
    }
    default:
      return changeList(fields, o);
  }
}

type ListChange = Extract<Operation, { op: 'append' | 'extend' | 'insert' | 'pop' | 'remove' }>;

function changeList(fields: Map<string, Json>, o: ListChange): Expected {
  const found = fields.has(o.name) ? list(fields, o.name, undefined) : [];
  if (typeof found === 'string') return { error: found };
  const copy = [...found];
  const done = changed(copy, o);
  if ('is' in done) fields.set(o.name, copy);
  return done;
}

function changed(copy: Json[], o: ListChange): Expected {
  switch (o.op) {
    case 'append':
    case 'extend':
      copy.push(...(o.op === 'append' ? [o.value] : o.values));
      if (o.max_length) copy.splice(0, Math.max(0, copy.length - o.max_length));
      return { is: copy.length };
    case 'insert':
      copy.splice(o.index, 0, o.value);
      return { is: copy.length };
    case 'pop': {
      if (copy.length === 0) return { error: 'list_empty' };
      const at = o.index < 0 ? copy.length + o.index : o.index;
      if (at < 0 || at >= copy.length) return { error: 'index_out_of_range' };
      const [value] = copy.splice(at, 1);
      return { is: { value, length: copy.length } };
    }
    case 'remove': {
      const at = copy.findIndex((element) => isDeepStrictEqual(element, o.value));
      if (at < 0) return { error: 'value_not_found' };
      copy.splice(at, 1);
      return { is: copy.length };
    }
  }
}
