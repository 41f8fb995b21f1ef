import { childrenOf, type Expression } from './ast.ts';
import { compareValues, type Value } from './values.ts';

const defined = (values: Value[]): Exclude<Value, undefined>[] => values.filter((value) => value !== undefined);

/** The sum of the defined values; undefined as soon as one of them is no number. */
function sum(values: Value[]): number | undefined {
  let total = 0;
  for (const value of defined(values)) {
    if (typeof value !== 'number') return undefined;
    total += value;
  }
  return total;
}

function average(values: Value[]): Value {
  const total = sum(values);
  const count = defined(values).length;
  return total === undefined || count === 0 ? undefined : total / count;
}

/** The first of the defined values in sort order times `direction`. */
function extreme(values: Value[], direction: 1 | -1): Value {
  const [first, ...rest] = defined(values);
  return rest.reduce<Value>((best, value) => (compareValues(value, best) * direction < 0 ? value : best), first);
}

/** Aggregate functions over the argument's value in each row of a group. */
export const aggregates = new Map<string, (values: Value[]) => Value>([
  ['COUNT', (values) => defined(values).length],
  ['SUM', sum],
  ['AVG', average],
  ['MIN', (values) => extreme(values, 1)],
  ['MAX', (values) => extreme(values, -1)],
]);

/** True when the expression calls an aggregate outside of subqueries. */
export function hasAggregate(expression: Expression): boolean {
  if (expression.type === 'call' && aggregates.has(expression.name)) return true;
  return childrenOf(expression).some(hasAggregate);
}
