import type { Expression, Query } from './ast.ts';

function leftmost(expression: Expression): string | undefined {
  if (expression.type === 'variable') return expression.name;
  return expression.type === 'member' ? leftmost(expression.of) : undefined;
}

/** The name by which a query's FROM clause calls the container's documents; `root` when it has no FROM. */
export function rootVariable(query: Query): string {
  return (query.from && leftmost(query.from.expression)) ?? 'root';
}
