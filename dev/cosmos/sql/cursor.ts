import { badRequest, type CosmosError } from '../errors.ts';
import { type Token, tokenize } from './lexer.ts';

/** A reading position in the tokens of one query. */
export interface Cursor {
  /** The token `ahead` places further on, without taking it. */
  peek(ahead?: number): Token;
  is(type: Token['type'], text?: string): boolean;
  /** Takes the current token when it is this one. */
  accept(type: Token['type'], text?: string): Token | undefined;
  /** Takes the current token or throws the syntax error. */
  expect(type: Token['type'], text?: string): Token;
  /** A name where a keyword is allowed too, as after a dot or AS. */
  name(): string;
  next(): Token;
  fail(): CosmosError;
}

/** A cursor at the first token of the text. */
export function cursorOver(text: string): Cursor {
  const tokens = tokenize(text);
  const end = tokens[tokens.length - 1] as Token;
  let position = 0;

  const peek = (ahead = 0): Token => tokens[position + ahead] ?? end;
  const next = (): Token => {
    const token = peek();
    position += 1;
    return token;
  };
  const is = (type: Token['type'], wanted?: string): boolean => peek().type === type && (wanted === undefined || peek().text === wanted);
  const accept = (type: Token['type'], wanted?: string): Token | undefined => (is(type, wanted) ? next() : undefined);
  const fail = (): CosmosError => badRequest(`Syntax error, incorrect syntax near '${peek().raw}'.`);

  return {
    peek,
    next,
    is,
    accept,
    fail,
    expect(type, wanted) {
      const token = accept(type, wanted);
      if (token === undefined) throw fail();
      return token;
    },
    name() {
      const token = accept('name') ?? accept('keyword');
      if (token === undefined) throw fail();
      return token.raw;
    },
  };
}
