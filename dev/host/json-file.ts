import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';

/** The content of `root/name`, comments and a byte order mark allowed; undefined when there is no such file. */
export function readJsonFile(root: string, name: string): unknown {
  const path = join(root, name);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first) throw new Error(`${name}: ${printParseErrorCode(first.error)} at offset ${first.offset}`);
  return value;
}
