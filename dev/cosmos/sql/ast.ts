import type { Value } from './values.ts';

export type BinaryOperator =
  | 'and'
  | 'or'
  | '??'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '||'
  | '&'
  | '|'
  | '^';

export type UnaryOperator = 'not' | '-' | '+' | '~';

export type Expression =
  | { type: 'constant'; value: Value }
  | { type: 'parameter'; name: string }
  | { type: 'variable'; name: string }
  | { type: 'member'; of: Expression; key: Expression }
  | { type: 'unary'; operator: UnaryOperator; operand: Expression }
  | { type: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { type: 'in'; value: Expression; list: Expression[] }
  | { type: 'between'; value: Expression; low: Expression; high: Expression }
  | { type: 'like'; value: Expression; pattern: Expression; escape?: Expression }
  | { type: 'conditional'; test: Expression; whenTrue: Expression; otherwise: Expression }
  | { type: 'call'; name: string; args: Expression[] }
  | { type: 'array'; items: Expression[] }
  | { type: 'object'; entries: (readonly [string, Expression])[] }
  | { type: 'subquery'; form: 'scalar' | 'exists' | 'array'; query: Query };

export type Select =
  | { type: 'star' }
  | { type: 'value'; expression: Expression }
  | { type: 'list'; items: { alias: string; expression: Expression }[] };

/** Where rows come from: the value of `expression`, or each of its elements when it is iterated (`x IN …`). */
export interface Source {
  alias: string;
  expression: Expression;
  iterate: boolean;
}

export interface SortKey {
  expression: Expression;
  descending: boolean;
}

export interface Query {
  distinct: boolean;
  top?: Expression;
  select: Select;
  from?: Source;
  joins: Source[];
  where?: Expression;
  groupBy: Expression[];
  orderBy: SortKey[];
  offset?: Expression;
  limit?: Expression;
}

/** The property names of `c.a["b"].d` without its root variable; undefined when the expression is no plain path. */
export function pathOf(expression: Expression): { root: string; path: string[] } | undefined {
  if (expression.type === 'variable') return { root: expression.name, path: [] };
  if (expression.type !== 'member' || expression.key.type !== 'constant') return undefined;
  const parent = pathOf(expression.of);
  const key = expression.key.value;
  if (parent === undefined || typeof key !== 'string') return undefined;
  return { root: parent.root, path: [...parent.path, key] };
}

/** The expressions directly inside one; subqueries are closed and yield nothing. */
export function childrenOf(expression: Expression): Expression[] {
  switch (expression.type) {
    case 'member':
      return [expression.of, expression.key];
    case 'unary':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'in':
      return [expression.value, ...expression.list];
    case 'between':
      return [expression.value, expression.low, expression.high];
    case 'like':
      return [expression.value, expression.pattern];
    case 'conditional':
      return [expression.test, expression.whenTrue, expression.otherwise];
    case 'call':
      return expression.args;
    case 'array':
      return expression.items;
    case 'object':
      return expression.entries.map(([, value]) => value);
    default:
      return [];
  }
}

/** The expressions a SELECT clause computes; none for `*`. */
export function selected(select: Select): Expression[] {
  if (select.type === 'star') return [];
  return select.type === 'value' ? [select.expression] : select.items.map((item) => item.expression);
}
