import { notSupported } from '../errors.ts';
import type { Expression, Query, Select, SortKey, Source } from './ast.ts';
import { type Cursor, cursorOver } from './cursor.ts';
import { type ExpressionParser, expressionParser } from './expressions.ts';

interface Reader {
  cursor: Cursor;
  expressions: ExpressionParser;
}

/** The name an unaliased SELECT item gets: its last property, else undefined. */
function impliedAlias(expression: Expression): string | undefined {
  if (expression.type === 'variable') return expression.name;
  if (expression.type !== 'member' || expression.key.type !== 'constant') return undefined;
  return typeof expression.key.value === 'string' ? expression.key.value : undefined;
}

function readSelect({ cursor, expressions }: Reader): Select {
  if (cursor.accept('operator', '*')) return { type: 'star' };
  if (cursor.accept('keyword', 'VALUE')) return { type: 'value', expression: expressions.expression() };
  const items: { alias: string; expression: Expression }[] = [];
  let unnamed = 0;
  do {
    const expression = expressions.expression();
    const explicit = cursor.accept('keyword', 'AS') ? cursor.name() : cursor.accept('name')?.text;
    const alias = explicit ?? impliedAlias(expression) ?? `$${++unnamed}`;
    items.push({ alias, expression });
  } while (cursor.accept('operator', ','));
  return { type: 'list', items };
}

/** `FROM c`, `FROM root AS r`, `FROM c.lines l`, `FROM t IN c.tags`; without an alias the last name of the path stands for it. */
function readFrom({ cursor, expressions }: Reader): Source {
  if (cursor.peek(1).text === 'IN') return readIteration({ cursor, expressions });
  const expression = expressions.postfix();
  const alias = cursor.accept('keyword', 'AS') ? cursor.name() : cursor.accept('name')?.text;
  const implied = alias ?? impliedAlias(expression);
  if (implied === undefined) throw cursor.fail();
  return { alias: implied, expression, iterate: false };
}

function readIteration({ cursor, expressions }: Reader): Source {
  const alias = cursor.name();
  cursor.expect('keyword', 'IN');
  return { alias, expression: expressions.postfix(), iterate: true };
}

function readOrderBy({ cursor, expressions }: Reader): SortKey[] {
  if (!cursor.accept('keyword', 'ORDER')) return [];
  cursor.expect('keyword', 'BY');
  if (cursor.is('keyword', 'RANK')) throw notSupported('ORDER BY RANK (full-text and hybrid ranking)');
  const keys: SortKey[] = [];
  do {
    const expression = expressions.expression();
    const descending = cursor.accept('keyword', 'DESC') !== undefined;
    if (!descending) cursor.accept('keyword', 'ASC');
    keys.push({ expression, descending });
  } while (cursor.accept('operator', ','));
  return keys;
}

function readGroupBy({ cursor, expressions }: Reader): Expression[] {
  if (!cursor.accept('keyword', 'GROUP')) return [];
  cursor.expect('keyword', 'BY');
  const keys: Expression[] = [];
  do keys.push(expressions.expression());
  while (cursor.accept('operator', ','));
  if (cursor.is('keyword', 'HAVING')) throw notSupported('HAVING');
  return keys;
}

function readQuery(reader: Reader): Query {
  const { cursor, expressions } = reader;
  cursor.expect('keyword', 'SELECT');
  const distinct = cursor.accept('keyword', 'DISTINCT') !== undefined;
  const top = cursor.accept('keyword', 'TOP') ? expressions.postfix() : undefined;
  const select = readSelect(reader);
  const from = cursor.accept('keyword', 'FROM') ? readFrom(reader) : undefined;
  const joins: Source[] = [];
  while (cursor.accept('keyword', 'JOIN')) joins.push(readIteration(reader));
  const where = cursor.accept('keyword', 'WHERE') ? expressions.expression() : undefined;
  const groupBy = readGroupBy(reader);
  const orderBy = readOrderBy(reader);
  const query: Query = { distinct, select, joins, groupBy, orderBy };
  if (top !== undefined) query.top = top;
  if (from !== undefined) query.from = from;
  if (where !== undefined) query.where = where;
  if (cursor.accept('keyword', 'OFFSET')) {
    query.offset = expressions.postfix();
    cursor.expect('keyword', 'LIMIT');
    query.limit = expressions.postfix();
  }
  return query;
}

/** Parses one query. Throws 400 with the place of a syntax error, or by name for what is not supported. */
export function parseQuery(text: string): Query {
  const cursor = cursorOver(text);
  const reader: Reader = { cursor, expressions: expressionParser(cursor, () => readQuery(reader)) };
  const query = readQuery(reader);
  cursor.expect('end');
  return query;
}
