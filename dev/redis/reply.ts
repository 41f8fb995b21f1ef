/**
 * What a command answers, before it is written for RESP2 or RESP3. Text is binary: one character per byte (latin1).
 * `scored` is members with scores, flat in RESP2 and pairs in RESP3; `nullArray` differs from null in RESP2 only.
 */
export type Reply =
  | null
  | string
  | number
  | bigint
  | Failure
  | { status: string }
  | { double: number }
  | { verbatim: string }
  | { pairs: [string, Reply][] }
  | { set: string[] }
  | { scored: [string, number][] }
  | { nullArray: true }
  | Reply[];

/** An error answer; its message starts with the code (`ERR`, `WRONGTYPE`, …). Thrown by commands, answered by the dispatcher. */
export class Failure extends Error {}

export const OK: Reply = { status: 'OK' };
export const NULL_ARRAY: Reply = { nullArray: true };

export const syntaxError = () => new Failure('ERR syntax error');
export const notAnInteger = () => new Failure('ERR value is not an integer or out of range');
export const notAFloat = () => new Failure('ERR value is not a valid float');
export const wrongType = () => new Failure('WRONGTYPE Operation against a key holding the wrong kind of value');
export const noSuchKey = () => new Failure('ERR no such key');
export const wrongArity = (name: string) => new Failure(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
