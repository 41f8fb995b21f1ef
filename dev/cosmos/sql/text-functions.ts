import type { Value } from './values.ts';

/** A built-in function over evaluated arguments; undefined when an argument has the wrong type. */
export type BuiltIn = (...args: Value[]) => Value;

/** A function that needs every argument to be a string. */
const strings =
  (compute: (...texts: string[]) => Value): BuiltIn =>
  (...args) =>
    args.every((arg) => typeof arg === 'string') ? compute(...args) : undefined;

/** A comparison of two strings with an optional third argument: true ignores case. */
const cased =
  (compute: (text: string, other: string) => Value): BuiltIn =>
  (text, other, ignoreCase) => {
    if (typeof text !== 'string' || typeof other !== 'string') return undefined;
    return ignoreCase === true ? compute(text.toLowerCase(), other.toLowerCase()) : compute(text, other);
  };

const sized =
  (compute: (text: string, size: number) => Value): BuiltIn =>
  (text, size) =>
    typeof text === 'string' && typeof size === 'number' ? compute(text, Math.max(0, size)) : undefined;

function substring(text: Value, start: Value, length: Value): Value {
  if (typeof text !== 'string' || typeof start !== 'number' || typeof length !== 'number') return undefined;
  return start < 0 || length <= 0 ? '' : text.slice(start, start + length);
}

function indexOf(text: Value, part: Value, from: Value = 0): Value {
  if (typeof text !== 'string' || typeof part !== 'string' || typeof from !== 'number') return undefined;
  return text.indexOf(part, from);
}

function regexMatch(text: Value, pattern: Value, flags: Value = ''): Value {
  if (typeof text !== 'string' || typeof pattern !== 'string' || typeof flags !== 'string') return undefined;
  try {
    return new RegExp(pattern, flags).test(text);
  } catch {
    return undefined;
  }
}

function toText(value: Value): Value {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
}

function parsed(accept: (value: unknown) => boolean): BuiltIn {
  return strings((text) => {
    try {
      const value: Value = JSON.parse(text ?? '');
      return accept(value) ? value : undefined;
    } catch {
      return undefined;
    }
  });
}

/** String functions of the query language by upper-case name. */
export const textFunctions: Record<string, BuiltIn> = {
  CONCAT: strings((...texts) => texts.join('')),
  CONTAINS: cased((text, part) => text.includes(part)),
  ENDSWITH: cased((text, end) => text.endsWith(end)),
  INDEX_OF: indexOf,
  LEFT: sized((text, size) => text.slice(0, size)),
  LENGTH: strings((text = '') => text.length),
  LOWER: strings((text = '') => text.toLowerCase()),
  LTRIM: strings((text = '') => text.trimStart()),
  REGEXMATCH: regexMatch,
  REPLACE: strings((text = '', part = '', by = '') => text.replaceAll(part, () => by)),
  REPLICATE: sized((text, times) => text.repeat(times)),
  REVERSE: strings((text = '') => [...text].reverse().join('')),
  RIGHT: sized((text, size) => (size === 0 ? '' : text.slice(-size))),
  RTRIM: strings((text = '') => text.trimEnd()),
  STARTSWITH: cased((text, start) => text.startsWith(start)),
  STRINGEQUALS: cased((text, other) => text === other),
  STRINGTOARRAY: parsed(Array.isArray),
  STRINGTOBOOLEAN: parsed((value) => typeof value === 'boolean'),
  STRINGTONUMBER: parsed((value) => typeof value === 'number'),
  SUBSTRING: substring,
  TOSTRING: toText,
  TRIM: strings((text = '') => text.trim()),
  UPPER: strings((text = '') => text.toUpperCase()),
};
