import type { BinaryOperator } from './ast.ts';
import type { Evaluate } from './evaluate.ts';
import { compareValues, deepEqual, typeRank, type Value } from './values.ts';

const ARITHMETIC: Partial<Record<BinaryOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '&': (left, right) => left & right,
  '|': (left, right) => left | right,
  '^': (left, right) => left ^ right,
};

const ORDERED: Partial<Record<BinaryOperator, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function and(left: Value, right: Value): Value {
  if (left === false || right === false) return false;
  return left === true && right === true ? true : undefined;
}

function or(left: Value, right: Value): Value {
  if (left === true || right === true) return true;
  return left === false && right === false ? false : undefined;
}

/** Documented: values of different types, and undefined, compare to undefined. */
function equality(left: Value, right: Value): boolean | undefined {
  if (left === undefined || typeRank(left) !== typeRank(right)) return undefined;
  return deepEqual(left, right);
}

/** Documented: only booleans, numbers and strings of one type have an order. */
function ordered(test: (order: number) => boolean): (left: Value, right: Value) => Value {
  return (left, right) => {
    const rank = typeRank(left);
    if (rank !== typeRank(right) || rank < 2 || rank > 4) return undefined;
    return test(compareValues(left, right));
  };
}

function operationOf(operator: BinaryOperator): (left: Value, right: Value) => Value {
  const order = ORDERED[operator];
  if (order !== undefined) return ordered(order);
  const arithmetic = ARITHMETIC[operator];
  if (arithmetic !== undefined) {
    return (left, right) => (typeof left === 'number' && typeof right === 'number' ? finite(arithmetic(left, right)) : undefined);
  }
  if (operator === '=') return equality;
  if (operator === '!=') {
    return (left, right) => {
      const equal = equality(left, right);
      return equal === undefined ? undefined : !equal;
    };
  }
  return (left, right) => (typeof left === 'string' && typeof right === 'string' ? left + right : undefined);
}

const finite = (value: number): Value => (Number.isFinite(value) ? value : undefined);

/** A binary operator over two compiled operands; AND, OR and ?? look at the right side only when they need it. */
export function binaryOperation(operator: BinaryOperator, left: Evaluate, right: Evaluate): Evaluate {
  if (operator === 'and') {
    return (scope) => {
      const first = left(scope);
      return first === false ? false : and(first, right(scope));
    };
  }
  if (operator === 'or') {
    return (scope) => {
      const first = left(scope);
      return first === true ? true : or(first, right(scope));
    };
  }
  if (operator === '??') {
    return (scope) => {
      const first = left(scope);
      return first === undefined ? right(scope) : first; // null is a value: only undefined falls through
    };
  }
  const operation = operationOf(operator);
  return (scope) => operation(left(scope), right(scope));
}

const escapeRegExp = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function likePattern(pattern: string, escapeChar: string | undefined): RegExp {
  let source = '';
  let escaped = false;
  for (const part of pattern.match(/\[\^?[^\]]+\]|./gsu) ?? []) {
    if (escaped) source += escapeRegExp(part);
    else if (part === escapeChar) {
      escaped = true;
      continue;
    } else if (part === '%') source += '.*';
    else if (part === '_') source += '.';
    else source += part.length > 1 && part.startsWith('[') ? part : escapeRegExp(part);
    escaped = false;
  }
  return new RegExp(`^${source}$`, 'su');
}

/** LIKE with `%`, `_`, `[a-z]`, `[^a-z]` and an optional escape character. */
export function likeMatcher(value: Evaluate, pattern: Evaluate, escapeWith?: Evaluate): Evaluate {
  return (scope) => {
    const [text, like, escapeChar] = [value(scope), pattern(scope), escapeWith?.(scope)];
    if (typeof text !== 'string' || typeof like !== 'string') return undefined;
    return likePattern(like, typeof escapeChar === 'string' ? escapeChar : undefined).test(text);
  };
}
