import { badRequest, notSupported } from '../errors.ts';
import { fullTextFunctions, vectorDistance } from './search-functions.ts';
import { type BuiltIn, textFunctions } from './text-functions.ts';
import { deepEqual, isObject, typeRank, type Value } from './values.ts';

const numbers =
  (compute: (...values: number[]) => Value): BuiltIn =>
  (...args) => {
    if (!args.every((arg) => typeof arg === 'number')) return undefined;
    const result = compute(...args);
    return typeof result === 'number' && !Number.isFinite(result) ? undefined : result;
  };

const typeFunctions: Record<string, BuiltIn> = {
  IS_ARRAY: (value) => Array.isArray(value),
  IS_BOOL: (value) => typeof value === 'boolean',
  IS_DEFINED: (value) => value !== undefined,
  IS_FINITE_NUMBER: (value) => typeof value === 'number' && Number.isFinite(value),
  IS_INTEGER: (value) => Number.isInteger(value),
  IS_NULL: (value) => value === null,
  IS_NUMBER: (value) => typeof value === 'number',
  IS_OBJECT: (value) => isObject(value),
  IS_PRIMITIVE: (value) => typeRank(value) > 0 && typeRank(value) < 5,
  IS_STRING: (value) => typeof value === 'string',
};

function arrayContains(array: Value, wanted: Value, partial?: Value): Value {
  if (!Array.isArray(array)) return undefined;
  return array.some((item) => {
    if (partial !== true || !isObject(wanted) || !isObject(item)) return deepEqual(item, wanted);
    return Object.entries(wanted).every(([key, value]) => deepEqual(item[key], value));
  });
}

function arraySlice(array: Value, start: Value, length?: Value): Value {
  if (!Array.isArray(array) || typeof start !== 'number') return undefined;
  const from = start < 0 ? Math.max(0, array.length + start) : start;
  return array.slice(from, typeof length === 'number' ? from + length : undefined);
}

const containsEach = (array: Value[], wanted: Value[]): boolean[] => wanted.map((value) => array.some((item) => deepEqual(item, value)));

const arrayFunctions: Record<string, BuiltIn> = {
  ARRAY_CONCAT: (...arrays) => (arrays.every(Array.isArray) ? arrays.flat(1) : undefined),
  ARRAY_CONTAINS: arrayContains,
  ARRAY_CONTAINS_ALL: (array, ...wanted) => (Array.isArray(array) ? containsEach(array, wanted).every(Boolean) : undefined),
  ARRAY_CONTAINS_ANY: (array, ...wanted) => (Array.isArray(array) ? containsEach(array, wanted).some(Boolean) : undefined),
  ARRAY_LENGTH: (array) => (Array.isArray(array) ? array.length : undefined),
  ARRAY_SLICE: arraySlice,
};

const mathFunctions: Record<string, BuiltIn> = {
  ABS: numbers((value = 0) => Math.abs(value)),
  CEILING: numbers((value = 0) => Math.ceil(value)),
  EXP: numbers((value = 0) => Math.exp(value)),
  FLOOR: numbers((value = 0) => Math.floor(value)),
  LOG: numbers((value = 0, base = Math.E) => Math.log(value) / Math.log(base)),
  LOG10: numbers((value = 0) => Math.log10(value)),
  POWER: numbers((value = 0, exponent = 0) => value ** exponent),
  ROUND: numbers((value = 0) => Math.sign(value) * Math.round(Math.abs(value))),
  SIGN: numbers((value = 0) => Math.sign(value)),
  SQRT: numbers((value = 0) => Math.sqrt(value)),
  TRUNC: numbers((value = 0) => Math.trunc(value)),
};

const otherFunctions: Record<string, BuiltIn> = {
  GETCURRENTDATETIME: () => new Date().toISOString().replace('Z', '0000Z'),
  GETCURRENTTIMESTAMP: () => Date.now(),
  IIF: (test, whenTrue, otherwise) => (test === true ? whenTrue : otherwise),
  VECTORDISTANCE: vectorDistance,
};

const BUILT_INS = new Map(
  Object.entries({ ...textFunctions, ...typeFunctions, ...arrayFunctions, ...mathFunctions, ...fullTextFunctions, ...otherFunctions }),
);

const REFUSED = new Set(['FULLTEXTSCORE', 'RRF', 'ST_DISTANCE', 'ST_WITHIN', 'ST_INTERSECTS', 'ST_ISVALID']);

/** The built-in function of this upper-case name. Throws 400 for an unknown one and for those that are not supported. */
export function builtIn(name: string): BuiltIn {
  const found = BUILT_INS.get(name);
  if (found !== undefined) return found;
  if (REFUSED.has(name)) throw notSupported(`The function ${name}`);
  throw badRequest(`'${name}' is not a recognized built-in function name.`);
}
