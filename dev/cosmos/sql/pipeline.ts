import { badRequest } from '../errors.ts';
import { hasAggregate } from './aggregates.ts';
import { type Query, type SortKey, type Source, selected } from './ast.ts';
import { isDistance } from './distances.ts';
import { compiler, type Evaluate, type Scope } from './evaluate.ts';
import { compareValues, isObject, objectOf, type Value } from './values.ts';

/** A query taken apart into the steps that a caller runs over its rows. */
export interface Pipeline {
  /** The rows that FROM, JOIN and WHERE make of one starting scope. */
  expand(scope: Scope): Scope[];
  /** True when rows are folded into groups: GROUP BY or an aggregate in SELECT. */
  grouped: boolean;
  /** Folds rows into one per group. Without GROUP BY there is one group even of no rows, in the `outer` scope. */
  group(rows: readonly Scope[], outer: Scope): Scope[];
  sortKeys(row: Scope): Value[];
  compareKeys(left: readonly Value[], right: readonly Value[]): number;
  /** What SELECT makes of a row; undefined rows are not part of the result. */
  project(row: Scope): Value;
  /** DISTINCT, over projected values. */
  distinct(values: Value[]): Value[];
  offset(scope: Scope): number;
  /** The smaller of TOP and LIMIT; Infinity without either. */
  limit(scope: Scope): number;
}

const compile = compiler((query) => {
  const steps = pipelineOf(query);
  return (scope) => {
    const expanded = steps.expand(scope);
    const rows = steps.grouped ? steps.group(expanded, scope) : expanded;
    const keyed = rows.map((row) => ({ row, keys: steps.sortKeys(row) }));
    keyed.sort((left, right) => steps.compareKeys(left.keys, right.keys));
    const values = keyed.map(({ row }) => steps.project(row)).filter((value) => value !== undefined);
    const offset = steps.offset(scope);
    return steps.distinct(values).slice(offset, offset + steps.limit(scope));
  };
});

const elementsOf = (value: Value): Value[] => (Array.isArray(value) ? value : []);

/** Rows of one source: `x IN (SELECT …)` runs over all results of the subquery, not only its first. */
function sourceRows({ alias, expression, iterate }: Source): (scope: Scope) => Scope[] {
  const overResults = iterate && expression.type === 'subquery';
  const evaluate = compile(overResults ? { ...expression, form: 'array' } : expression);
  return (scope) => {
    const value = evaluate(scope);
    const values = iterate ? elementsOf(value) : value === undefined ? [] : [value];
    return values.map((item) => ({ ...scope, variables: { ...scope.variables, [alias]: item } }));
  };
}

/** Distances come nearest first without DESC: the highest similarity for cosine and dot product, the lowest for euclidean. */
function directionOf({ expression, descending }: SortKey): number {
  if (!isDistance(expression)) return descending ? -1 : 1;
  const options = expression.args[3];
  const chosen = options?.type === 'object' ? options.entries.find(([key]) => key === 'distanceFunction')?.[1] : undefined;
  return chosen?.type === 'constant' && chosen.value === 'euclidean' ? 1 : -1;
}

function projection(query: Query): Evaluate {
  const { select, from } = query;
  if (select.type === 'value') return compile(select.expression);
  if (select.type === 'list') {
    const items = select.items.map(({ alias, expression }) => [alias, compile(expression)] as const);
    return (row) => objectOf(items.map(([alias, evaluate]) => [alias, evaluate(row)] as const));
  }
  if (from === undefined || query.joins.length > 0) throw badRequest("'SELECT *' is only valid with a single input set.");
  return (row) => row.variables[from.alias];
}

/** Documented limits of GROUP BY: what is selected is grouped by or aggregated, and the result is not sorted. */
function checkGrouping(query: Query): void {
  if (query.orderBy.length > 0) throw badRequest('ORDER BY is not allowed together with GROUP BY or aggregates.');
  if (query.select.type === 'star') throw badRequest("'SELECT *' is not allowed with GROUP BY.");
  const keys = new Set(query.groupBy.map((key) => JSON.stringify(key)));
  const stray = selected(query.select).find(
    (expression) => expression.type !== 'constant' && !hasAggregate(expression) && !keys.has(JSON.stringify(expression)),
  );
  if (stray !== undefined) throw badRequest('A selected property is neither in the GROUP BY clause nor inside an aggregate function.');
}

function groupRows(keys: Evaluate[], rows: readonly Scope[]): Scope[] {
  const groups = new Map<string, Scope[]>();
  for (const row of rows) {
    const key = JSON.stringify(keys.map((evaluate) => [evaluate(row)].filter((value) => value !== undefined)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].map((group) => ({ ...(group[0] as Scope), group }));
}

/** Sorted keys make two objects with the same properties the same text. */
function canonical(value: Value): string {
  return JSON.stringify(value, (_, inner: Value) => (isObject(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner));
}

function uniqueValues(values: Value[]): Value[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = canonical(value);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function wholeNumber(evaluate: Evaluate | undefined, { clause, otherwise }: { clause: string; otherwise: number }) {
  return (scope: Scope): number => {
    if (evaluate === undefined) return otherwise;
    const value = evaluate(scope);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
    throw badRequest(`The ${clause} value must be a non-negative integer, got ${JSON.stringify(value)}.`);
  };
}

/** Compiles a query. Throws 400 for what the documentation rules out and for unknown functions. */
export function pipelineOf(query: Query): Pipeline {
  const from = query.from && sourceRows(query.from);
  const joins = query.joins.map(sourceRows);
  const where = query.where && compile(query.where);
  const groupKeys = query.groupBy.map(compile);
  const sort = query.orderBy.map((key) => ({ evaluate: compile(key.expression), direction: directionOf(key) }));
  const grouped = groupKeys.length > 0 || selected(query.select).some(hasAggregate);
  if (grouped) checkGrouping(query);

  const top = wholeNumber(query.top && compile(query.top), { clause: 'TOP', otherwise: Number.POSITIVE_INFINITY });
  const limit = wholeNumber(query.limit && compile(query.limit), { clause: 'LIMIT', otherwise: Number.POSITIVE_INFINITY });

  return {
    grouped,
    expand(scope) {
      const start = from === undefined ? [scope] : from(scope);
      const joined = joins.reduce((rows, join) => rows.flatMap(join), start);
      return where === undefined ? joined : joined.filter((row) => where(row) === true);
    },
    group: (rows, outer) => (groupKeys.length > 0 ? groupRows(groupKeys, rows) : [{ ...outer, group: rows }]),
    sortKeys: (row) => sort.map(({ evaluate }) => evaluate(row)),
    compareKeys(left, right) {
      for (const [index, { direction }] of sort.entries()) {
        const order = compareValues(left[index], right[index]) * direction;
        if (order !== 0) return order;
      }
      return 0;
    },
    project: projection(query),
    distinct: (values) => (query.distinct ? uniqueValues(values) : values),
    offset: wholeNumber(query.offset && compile(query.offset), { clause: 'OFFSET', otherwise: 0 }),
    limit: (scope) => Math.min(top(scope), limit(scope)),
  };
}
