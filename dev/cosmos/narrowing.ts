import { partitionRange, pathSegments } from './partition-key.ts';
import type { ScanRange } from './scan.ts';
import { ANY, both, either, type Span } from './spans.ts';
import { type Expression, pathOf, type Query } from './sql/ast.ts';
import { isDistance } from './sql/distances.ts';
import { rootVariable } from './sql/root.ts';
import type { Value } from './sql/values.ts';

type Parameters = ReadonlyMap<string, Value>;

/** The part of a container that a query has to look at. */
export interface Reach {
  partitions: Pick<ScanRange, 'partition' | 'partitionPrefix'>;
  /** What holds every match lies in one of these. */
  spans: readonly Span[];
}

interface Reading {
  parameters: Parameters;
  isId(expression: Expression): boolean;
  isTime(expression: Expression): boolean;
}

/** The conditions that must all hold: the parts of a chain of ANDs. */
function conjuncts(expression: Expression | undefined): Expression[] {
  if (expression === undefined) return [];
  if (expression.type !== 'binary' || expression.operator !== 'and') return [expression];
  return [...conjuncts(expression.left), ...conjuncts(expression.right)];
}

function constantOf(expression: Expression | undefined, parameters: Parameters): Value {
  if (expression?.type === 'constant') return expression.value;
  return expression?.type === 'parameter' ? parameters.get(expression.name) : undefined;
}

/** SQLite compares UTF-8 bytes, the query language UTF-16 units: the two agree against an ASCII text. */
const isAscii = (value: Value): value is string => typeof value === 'string' && /^[\x00-\x7f]*$/.test(value);

const isPrimitive = (value: Value): boolean => value !== undefined && (typeof value !== 'object' || value === null);

/** The ids of `c.id IN (…)` or `ARRAY_CONTAINS(@ids, c.id)`, each a span of its own. */
function listed(values: readonly Value[]): readonly Span[] {
  const texts = values.filter((value) => typeof value === 'string'); // an id equals no other value
  return texts.every(isAscii) ? texts.map((id) => ({ idFrom: id, idTo: id })) : ANY;
}

function fromCall({ name, args }: { name: string; args: Expression[] }, { isId, parameters }: Reading): readonly Span[] {
  const [first, second, third] = args;
  if (third !== undefined || first === undefined || second === undefined) return ANY;
  if (name === 'STARTSWITH' && isId(first)) {
    const start = constantOf(second, parameters);
    return isAscii(start) ? [{ idFrom: start, idTo: `${start}\u{10ffff}` }] : ANY;
  }
  if (name !== 'ARRAY_CONTAINS' || !isId(second)) return ANY;
  const list = constantOf(first, parameters);
  return Array.isArray(list) ? listed(list) : ANY;
}

function fromBounds(at: 'id' | 'ts', low: Value, high: Value): readonly Span[] {
  if (at === 'id') return [{ ...(isAscii(low) && { idFrom: low }), ...(isAscii(high) && { idTo: high }) }];
  return [{ ...(typeof low === 'number' && { tsFrom: low }), ...(typeof high === 'number' && { tsTo: high }) }];
}

function fromComparison({ operator, left, right }: Extract<Expression, { type: 'binary' }>, reading: Reading): readonly Span[] {
  const at = reading.isId(left) ? 'id' : reading.isTime(left) ? 'ts' : undefined;
  if (at === undefined) return ANY;
  const value = constantOf(right, reading.parameters);
  if (operator === '=') return fromBounds(at, value, value);
  if (operator === '>' || operator === '>=') return fromBounds(at, value, undefined);
  return operator === '<' || operator === '<=' ? fromBounds(at, undefined, value) : ANY;
}

/** Where a document must lie for a condition to hold. */
function spansOf(condition: Expression, reading: Reading): readonly Span[] {
  if (condition.type === 'call') return fromCall(condition, reading);
  if (condition.type === 'in' && reading.isId(condition.value)) {
    const values = condition.list.map((item) => constantOf(item, reading.parameters));
    return values.includes(undefined) ? ANY : listed(values);
  }
  if (condition.type === 'between') {
    const at = reading.isId(condition.value) ? 'id' : reading.isTime(condition.value) ? 'ts' : undefined;
    const [low, high] = [constantOf(condition.low, reading.parameters), constantOf(condition.high, reading.parameters)];
    return at === undefined ? ANY : fromBounds(at, low, high);
  }
  if (condition.type !== 'binary') return ANY;
  const { operator, left, right } = condition;
  if (operator === 'and') return both(spansOf(left, reading), spansOf(right, reading));
  if (operator === 'or') return either(spansOf(left, reading), spansOf(right, reading));
  return fromComparison(condition, reading);
}

/** The constant that the WHERE clause demands at a path, in `c.pk = @pk` or `@pk = c.pk`. */
function demanded(conditions: Expression[], isPath: (expression: Expression) => boolean, parameters: Parameters): Value {
  for (const condition of conditions) {
    if (condition.type !== 'binary' || condition.operator !== '=') continue;
    const other = isPath(condition.left) ? condition.right : isPath(condition.right) ? condition.left : undefined;
    const value = constantOf(other, parameters);
    if (isPrimitive(value)) return value;
  }
  return undefined;
}

/**
 * The part of the container that can hold matches, from the WHERE clause: its partition key values, its bounds on `id` and on `_ts`.
 * Only an economy: every document read is still tested against the whole clause.
 */
export function narrow(query: Query, options: { paths: readonly string[]; parameters: Parameters }): Reach {
  const everything: Reach = { partitions: {}, spans: ANY };
  if (query.from === undefined || query.from.iterate) return everything;
  const source = pathOf(query.from.expression);
  if (source === undefined || source.path.length > 0) return everything;
  const { alias } = query.from;
  const conditions = conjuncts(query.where);
  const at =
    (path: readonly string[]) =>
    (expression: Expression): boolean => {
      const found = pathOf(expression);
      return found?.root === alias && found.path.join('\n') === path.join('\n');
    };

  const values: Value[] = [];
  for (const path of options.paths) {
    const value = demanded(conditions, at(pathSegments(path)), options.parameters);
    if (value === undefined) break;
    values.push(value);
  }
  const reading: Reading = { parameters: options.parameters, isId: at(['id']), isTime: at(['_ts']) };
  const spans = query.where === undefined ? ANY : spansOf(query.where, reading);
  return { partitions: partitionRange(values, options.paths), spans };
}

/** True when the order is by vector distance: the service refuses to run such a query without a plan. */
export function needsPlan(query: Query): boolean {
  return query.orderBy.some(({ expression }) => isDistance(expression));
}

/** The variable that stands for a document, and the parameters as the request names them. */
export function queryScope(query: Query, document: Value, parameters: Parameters) {
  return { variables: { [rootVariable(query)]: document }, parameters };
}
