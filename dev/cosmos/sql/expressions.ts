import { badRequest } from '../errors.ts';
import type { Expression, Query } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { acceptComparison, parseArithmetic } from './operators.ts';

/** Reads expressions from one cursor; `subquery` reads the SELECT inside parentheses. */
export interface ExpressionParser {
  /** A whole expression: conditional, coalesce, logic, comparison, arithmetic. */
  expression(): Expression;
  /** A path or a parenthesised subquery, as FROM and JOIN take them. */
  postfix(): Expression;
  list(close: string): Expression[];
}

const LITERALS: Record<string, null | boolean | undefined> = { TRUE: true, FALSE: false, NULL: null, UNDEFINED: undefined };

const not = (operand: Expression): Expression => ({ type: 'unary', operator: 'not', operand });

export function expressionParser(cursor: Cursor, subquery: () => Query): ExpressionParser {
  const nested = (form: 'scalar' | 'exists' | 'array'): Expression => {
    const query = subquery();
    cursor.expect('operator', ')');
    return { type: 'subquery', form, query };
  };

  const list = (close: string): Expression[] => {
    const items: Expression[] = [];
    if (cursor.accept('operator', close)) return items;
    do items.push(expression());
    while (cursor.accept('operator', ','));
    cursor.expect('operator', close);
    return items;
  };

  const objectLiteral = (): Expression => {
    const entries: (readonly [string, Expression])[] = [];
    if (cursor.accept('operator', '}')) return { type: 'object', entries };
    do {
      const key = cursor.accept('string')?.text ?? cursor.name();
      cursor.expect('operator', ':');
      entries.push([key, expression()]);
    } while (cursor.accept('operator', ','));
    cursor.expect('operator', '}');
    return { type: 'object', entries };
  };

  const parenthesised = (): Expression => {
    if (cursor.is('keyword', 'SELECT')) return nested('scalar');
    const inner = expression();
    cursor.expect('operator', ')');
    return inner;
  };

  const keyword = (): Expression => {
    const { text } = cursor.peek();
    if (text in LITERALS) {
      cursor.next();
      return { type: 'constant', value: LITERALS[text] };
    }
    if ((text === 'EXISTS' || text === 'ARRAY') && cursor.peek(1).text === '(') {
      cursor.next();
      cursor.next();
      return nested(text === 'EXISTS' ? 'exists' : 'array');
    }
    throw cursor.fail();
  };

  const nameOrCall = (): Expression => {
    const name = cursor.expect('name').text;
    if (name.toLowerCase() === 'udf' && cursor.is('operator', '.')) throw badRequest('User-defined functions (udf.) are not supported.');
    if (!cursor.accept('operator', '(')) return { type: 'variable', name };
    return { type: 'call', name: name.toUpperCase(), args: list(')') };
  };

  const primary = (): Expression => {
    const number = cursor.accept('number');
    if (number) return { type: 'constant', value: Number(number.text) };
    const string = cursor.accept('string');
    if (string) return { type: 'constant', value: string.text };
    const parameter = cursor.accept('parameter');
    if (parameter) return { type: 'parameter', name: parameter.text };
    if (cursor.accept('operator', '(')) return parenthesised();
    if (cursor.accept('operator', '[')) return { type: 'array', items: list(']') };
    if (cursor.accept('operator', '{')) return objectLiteral();
    return cursor.is('keyword') ? keyword() : nameOrCall();
  };

  const postfix = (): Expression => {
    let result = primary();
    for (;;) {
      if (cursor.accept('operator', '.')) {
        result = { type: 'member', of: result, key: { type: 'constant', value: cursor.name() } };
      } else if (cursor.accept('operator', '[')) {
        const key = expression();
        cursor.expect('operator', ']');
        result = { type: 'member', of: result, key };
      } else {
        return result;
      }
    }
  };

  const unary = (): Expression => {
    for (const operator of ['-', '+', '~'] as const) {
      if (cursor.accept('operator', operator)) return { type: 'unary', operator, operand: unary() };
    }
    return postfix();
  };

  const arithmetic = (): Expression => parseArithmetic(cursor, unary);

  const range = (value: Expression): Expression | undefined => {
    if (cursor.accept('keyword', 'IN')) {
      cursor.expect('operator', '(');
      return { type: 'in', value, list: list(')') };
    }
    if (cursor.accept('keyword', 'BETWEEN')) {
      const low = arithmetic();
      cursor.expect('keyword', 'AND');
      return { type: 'between', value, low, high: arithmetic() };
    }
    if (!cursor.accept('keyword', 'LIKE')) return undefined;
    const pattern = arithmetic();
    return cursor.accept('keyword', 'ESCAPE') ? { type: 'like', value, pattern, escape: arithmetic() } : { type: 'like', value, pattern };
  };

  const comparison = (): Expression => {
    const left = arithmetic();
    if (cursor.accept('keyword', 'NOT')) {
      const negated = range(left);
      if (negated === undefined) throw cursor.fail();
      return not(negated);
    }
    const found = range(left);
    if (found !== undefined) return found;
    const operator = acceptComparison(cursor);
    return operator === undefined ? left : { type: 'binary', operator, left, right: arithmetic() };
  };

  const negation = (): Expression => (cursor.accept('keyword', 'NOT') ? not(negation()) : comparison());

  const conjunction = (): Expression => {
    let left = negation();
    while (cursor.accept('keyword', 'AND')) left = { type: 'binary', operator: 'and', left, right: negation() };
    return left;
  };

  const disjunction = (): Expression => {
    let left = conjunction();
    while (cursor.accept('keyword', 'OR')) left = { type: 'binary', operator: 'or', left, right: conjunction() };
    return left;
  };

  const coalesce = (): Expression => {
    let left = disjunction();
    while (cursor.accept('operator', '??')) left = { type: 'binary', operator: '??', left, right: disjunction() };
    return left;
  };

  function expression(): Expression {
    const test = coalesce();
    if (!cursor.accept('operator', '?')) return test;
    const whenTrue = expression();
    cursor.expect('operator', ':');
    return { type: 'conditional', test, whenTrue, otherwise: expression() };
  }

  return { expression, postfix, list };
}
