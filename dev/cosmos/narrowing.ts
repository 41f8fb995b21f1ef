import { partitionRange, pathSegments } from './partition-key.ts';
import type { ScanRange } from './scan.ts';
import { type Expression, pathOf, type Query } from './sql/ast.ts';
import { rootVariable } from './sql/root.ts';
import type { Value } from './sql/values.ts';

type Parameters = ReadonlyMap<string, Value>;

/** The conditions that must all hold: the parts of a chain of ANDs. */
function conjuncts(expression: Expression | undefined): Expression[] {
  if (expression === undefined) return [];
  if (expression.type !== 'binary' || expression.operator !== 'and') return [expression];
  return [...conjuncts(expression.left), ...conjuncts(expression.right)];
}

function constantOf(expression: Expression, parameters: Parameters): Value {
  if (expression.type === 'constant') return expression.value;
  return expression.type === 'parameter' ? parameters.get(expression.name) : undefined;
}

/** SQLite compares UTF-8 bytes, the query language UTF-16 units: the two agree against an ASCII text. */
const isAscii = (value: Value): value is string => typeof value === 'string' && /^[\x00-\x7f]*$/.test(value);

const isPrimitive = (value: Value): boolean => value !== undefined && (typeof value !== 'object' || value === null);

/** The bounds on `id` that one condition implies; none when it is about something else. */
function idBounds(condition: Expression, isId: (expression: Expression) => boolean, parameters: Parameters): ScanRange {
  if (condition.type === 'between' && isId(condition.value)) {
    const [low, high] = [constantOf(condition.low, parameters), constantOf(condition.high, parameters)];
    return isAscii(low) && isAscii(high) ? { idFrom: low, idTo: high } : {};
  }
  if (condition.type === 'call' && condition.name === 'STARTSWITH') {
    const [subject, prefix, ignoreCase] = condition.args;
    const start = prefix && constantOf(prefix, parameters);
    if (ignoreCase === undefined && subject !== undefined && isId(subject) && isAscii(start)) {
      return { idFrom: start, idTo: `${start}\u{10ffff}` };
    }
    return {};
  }
  if (condition.type !== 'binary' || !isId(condition.left)) return {};
  const value = constantOf(condition.right, parameters);
  if (!isAscii(value)) return {};
  if (condition.operator === '=') return { idFrom: value, idTo: value };
  if (condition.operator === '>' || condition.operator === '>=') return { idFrom: value };
  return condition.operator === '<' || condition.operator === '<=' ? { idTo: value } : {};
}

/** The constant that the WHERE clause demands at a path, in `c.pk = @pk` or `@pk = c.pk`. */
function demanded(conditions: Expression[], isPath: (expression: Expression) => boolean, parameters: Parameters): Value {
  for (const condition of conditions) {
    if (condition.type !== 'binary' || condition.operator !== '=') continue;
    const other = isPath(condition.left) ? condition.right : isPath(condition.right) ? condition.left : undefined;
    const value = other && constantOf(other, parameters);
    if (isPrimitive(value)) return value;
  }
  return undefined;
}

/**
 * The part of the container that can hold matches, from the WHERE clause: its partition key values and its bounds on `id`.
 * Only an economy: every document read is still tested against the whole clause.
 */
export function narrow(query: Query, options: { paths: readonly string[]; parameters: Parameters }): ScanRange {
  if (query.from === undefined || query.from.iterate) return {};
  const source = pathOf(query.from.expression);
  if (source === undefined || source.path.length > 0) return {};
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
  const isId = at(['id']);
  const bounds = conditions.map((condition) => idBounds(condition, isId, options.parameters));
  return Object.assign(partitionRange(values, options.paths), ...bounds);
}

/** True when the order is by vector distance: the service refuses to run such a query without a plan. */
export function needsPlan(query: Query): boolean {
  return query.orderBy.some(({ expression }) => expression.type === 'call' && expression.name === 'VECTORDISTANCE');
}

/** The variable that stands for a document, and the parameters as the request names them. */
export function queryScope(query: Query, document: Value, parameters: Parameters) {
  return { variables: { [rootVariable(query)]: document }, parameters };
}
