import { badRequest } from '../errors.ts';
import { aggregates } from './aggregates.ts';
import type { Expression, Query } from './ast.ts';
import { binaryOperation, likeMatcher } from './comparison.ts';
import { builtIn } from './functions.ts';
import { compareValues, deepEqual, objectOf, property, typeRank, type Value } from './values.ts';

/** What an expression is evaluated in: one row's variables, the query's parameters and, after grouping, the rows of the group. */
export interface Scope {
  variables: Readonly<Record<string, Value>>;
  parameters: ReadonlyMap<string, Value>;
  group?: readonly Scope[];
}

export type Evaluate = (scope: Scope) => Value;
export type RunSubquery = (query: Query) => (scope: Scope) => Value[];

/** Turns expressions into functions; `subquery` runs the SELECTs inside them. */
export function compiler(subquery: RunSubquery): (expression: Expression) => Evaluate {
  const call = (name: string, args: Expression[]): Evaluate => {
    const aggregate = aggregates.get(name);
    const [first] = args;
    if (aggregate !== undefined) {
      if (args.length !== 1 || first === undefined) throw badRequest(`The ${name} function requires 1 argument(s).`);
      const argument = compile(first);
      return (scope) => {
        if (scope.group === undefined) throw badRequest(`The aggregate function ${name} is only allowed in the SELECT clause.`);
        return aggregate(scope.group.map(argument));
      };
    }
    const apply = builtIn(name);
    const compiled = args.map(compile);
    return (scope) => apply(...compiled.map((arg) => arg(scope)));
  };

  const nested = (form: 'scalar' | 'exists' | 'array', query: Query): Evaluate => {
    const rows = subquery(query);
    if (form === 'array') return rows;
    return form === 'exists' ? (scope) => rows(scope).length > 0 : (scope) => rows(scope)[0];
  };

  const unary = (operator: 'not' | '-' | '+' | '~', operand: Evaluate): Evaluate => {
    if (operator === 'not') {
      return (scope) => {
        const value = operand(scope);
        return typeof value === 'boolean' ? !value : undefined;
      };
    }
    const apply = { '-': (value: number) => -value, '+': (value: number) => value, '~': (value: number) => ~value }[operator];
    return (scope) => {
      const value = operand(scope);
      return typeof value === 'number' ? apply(value) : undefined;
    };
  };

  const between = (expression: Extract<Expression, { type: 'between' }>): Evaluate => {
    const [value, low, high] = [compile(expression.value), compile(expression.low), compile(expression.high)];
    return (scope) => {
      const [middle, bottom, top] = [value(scope), low(scope), high(scope)];
      const rank = typeRank(middle);
      if (rank !== typeRank(bottom) || rank !== typeRank(top)) return undefined;
      return compareValues(middle, bottom) >= 0 && compareValues(middle, top) <= 0;
    };
  };

  const member = (of: Evaluate, key: Expression): Evaluate => {
    if (key.type === 'constant') return (scope) => property(of(scope), key.value);
    const compiledKey = compile(key);
    return (scope) => property(of(scope), compiledKey(scope));
  };

  const inList = (value: Evaluate, list: Evaluate[]): Evaluate => {
    return (scope) => {
      const wanted = value(scope);
      return wanted === undefined ? undefined : list.some((item) => deepEqual(item(scope), wanted));
    };
  };

  const conditional = (test: Evaluate, whenTrue: Evaluate, otherwise: Evaluate): Evaluate => {
    return (scope) => (test(scope) === true ? whenTrue(scope) : otherwise(scope));
  };

  const array = (items: Evaluate[]): Evaluate => {
    return (scope) => items.map((item) => item(scope)).filter((value) => value !== undefined);
  };

  const variable = (name: string): Evaluate => {
    return ({ variables }) => {
      if (!(name in variables)) throw badRequest(`Identifier '${name}' could not be resolved.`);
      return variables[name];
    };
  };

  const parameter = (name: string): Evaluate => {
    return ({ parameters }) => {
      if (!parameters.has(name)) throw badRequest(`The query parameter '${name}' has no value.`);
      return parameters.get(name);
    };
  };

  function compile(expression: Expression): Evaluate {
    switch (expression.type) {
      case 'constant': {
        const { value } = expression;
        return () => value;
      }
      case 'parameter':
        return parameter(expression.name);
      case 'variable':
        return variable(expression.name);
      case 'member':
        return member(compile(expression.of), expression.key);
      case 'unary':
        return unary(expression.operator, compile(expression.operand));
      case 'binary':
        return binaryOperation(expression.operator, compile(expression.left), compile(expression.right));
      case 'in':
        return inList(compile(expression.value), expression.list.map(compile));
      case 'between':
        return between(expression);
      case 'like':
        return likeMatcher(compile(expression.value), compile(expression.pattern), expression.escape && compile(expression.escape));
      case 'conditional':
        return conditional(compile(expression.test), compile(expression.whenTrue), compile(expression.otherwise));
      case 'call':
        return call(expression.name, expression.args);
      case 'array':
        return array(expression.items.map(compile));
      case 'object': {
        const entries = expression.entries.map(([key, value]) => [key, compile(value)] as const);
        return (scope) => objectOf(entries.map(([key, value]) => [key, value(scope)] as const));
      }
      case 'subquery':
        return nested(expression.form, expression.query);
    }
  }

  return compile;
}
