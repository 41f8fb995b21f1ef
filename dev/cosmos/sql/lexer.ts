import { badRequest } from '../errors.ts';

export interface Token {
  type: 'number' | 'string' | 'parameter' | 'keyword' | 'name' | 'operator' | 'end';
  /** Keywords are upper-cased here; everything else is as written. */
  text: string;
  raw: string;
}

const KEYWORDS = new Set(
  `SELECT DISTINCT TOP VALUE AS FROM JOIN IN WHERE GROUP HAVING ORDER BY RANK ASC DESC OFFSET LIMIT
   AND OR NOT BETWEEN LIKE ESCAPE EXISTS ARRAY UNDEFINED NULL TRUE FALSE`.split(/\s+/),
);

const TOKEN = new RegExp(
  [
    /\s+|--[^\n]*/,
    /(?<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/,
    /(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/,
    /(?<parameter>@\w+)/,
    /(?<word>[A-Za-z_]\w*)/,
    /(?<operator>\?\?|\|\||<>|!=|<=|>=|[-+*/%=<>().,[\]{}:?|&^~])/,
  ]
    .map((part) => part.source)
    .join('|'),
  'suy',
);

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

function plainText(quoted: string): string {
  const inner = quoted.slice(1, -1);
  return inner.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gsu, (_, code: string | undefined, char: string) =>
    code === undefined ? (ESCAPES[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function tokenOf(groups: Record<string, string | undefined>): Token | undefined {
  const { number, string, parameter, word, operator } = groups;
  if (number !== undefined) return { type: 'number', text: number, raw: number };
  if (string !== undefined) return { type: 'string', text: plainText(string), raw: string };
  if (parameter !== undefined) return { type: 'parameter', text: parameter, raw: parameter };
  if (operator !== undefined) return { type: 'operator', text: operator, raw: operator };
  if (word === undefined) return undefined;
  const upper = word.toUpperCase();
  return KEYWORDS.has(upper) ? { type: 'keyword', text: upper, raw: word } : { type: 'name', text: word, raw: word };
}

/** Splits query text into tokens, the last one of type `end`. Throws 400 at the first character that starts no token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (match === null) throw badRequest(`Syntax error, incorrect syntax near '${text.slice(position, position + 12)}'.`);
    position = TOKEN.lastIndex;
    const token = tokenOf(match.groups ?? {});
    if (token !== undefined) tokens.push(token);
  }
  tokens.push({ type: 'end', text: 'end of query', raw: 'end of query' });
  return tokens;
}
