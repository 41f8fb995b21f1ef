import type { BinaryOperator, Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';

/** Binary operators by level, loosest first; `^`, `|` and `&` are bitwise, `||` joins strings. */
const LEVELS: readonly (readonly [string, BinaryOperator][])[] = [
  [['|', '|']],
  [['^', '^']],
  [['&', '&']],
  [
    ['+', '+'],
    ['-', '-'],
    ['||', '||'],
  ],
  [
    ['*', '*'],
    ['/', '/'],
    ['%', '%'],
  ],
];

const COMPARISONS: readonly [string, BinaryOperator][] = [
  ['=', '='],
  ['!=', '!='],
  ['<>', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
];

/** Reads arithmetic and bitwise operators over what `operand` reads; left-associative. */
export function parseArithmetic(cursor: Cursor, operand: () => Expression, level = 0): Expression {
  const operators = LEVELS[level];
  if (operators === undefined) return operand();
  let left = parseArithmetic(cursor, operand, level + 1);
  for (;;) {
    const found = operators.find(([text]) => cursor.accept('operator', text));
    if (found === undefined) return left;
    left = { type: 'binary', operator: found[1], left, right: parseArithmetic(cursor, operand, level + 1) };
  }
}

/** Takes a comparison operator when one is next. */
export function acceptComparison(cursor: Cursor): BinaryOperator | undefined {
  return COMPARISONS.find(([text]) => cursor.accept('operator', text))?.[1];
}
