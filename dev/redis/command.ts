import type { Client } from './client.ts';
import type { Instance } from './instance.ts';
import type { Keyspace } from './keyspace.ts';
import type { Reply } from './reply.ts';

/** What a command may touch: the selected database, the connection it came on, and the server as a whole. */
export interface Context {
  db: Keyspace;
  client: Client;
  instance: Instance;
}

/** `noscript` commands are refused inside Lua; `unauthenticated` ones are open before AUTH; `immediate` ones are never queued by MULTI. */
export type Flag = 'write' | 'readonly' | 'noscript' | 'unauthenticated' | 'immediate';

/** First key, last key (negative counts from the end) and step, as COMMAND reports them; or a function where they move. */
export type KeyPositions = readonly [first: number, last: number, step: number] | ((args: readonly string[]) => string[]);

export interface CommandSpec {
  /** Number of words with the name; negative means at least that many. */
  arity: number;
  keys: KeyPositions;
  flags: readonly Flag[];
}

export interface Command extends CommandSpec {
  name: string;
  run(context: Context, args: string[]): Reply;
}

export const NO_KEYS: KeyPositions = [0, 0, 0];
export const FIRST_KEY: KeyPositions = [1, 1, 1];
export const TWO_KEYS: KeyPositions = [1, 2, 1];
export const ALL_KEYS: KeyPositions = [1, -1, 1];

/** Arguments after the name. The dispatcher has checked the arity, so a tuple of that many texts is safe to take apart. */
export type One = [string];
export type Two = [string, string];
export type Three = [string, string, string];
export type Four = [string, string, string, string];
export type OneOrMore = [string, ...string[]];
export type TwoOrMore = [string, string, ...string[]];
export type ThreeOrMore = [string, string, string, ...string[]];

/** Declares a command whose arguments are the tuple that its arity promises. */
export function command<A extends string[]>(name: string, spec: CommandSpec, run: (context: Context, args: A) => Reply): Command {
  return { name, ...spec, run: run as Command['run'] };
}

/** The usual case: a command that reads one key. */
export function reads<A extends string[]>(name: string, arity: number, run: (context: Context, args: A) => Reply): Command {
  return command(name, { arity, keys: FIRST_KEY, flags: ['readonly'] }, run);
}

/** The usual case: a command that writes one key. */
export function writes<A extends string[]>(name: string, arity: number, run: (context: Context, args: A) => Reply): Command {
  return command(name, { arity, keys: FIRST_KEY, flags: ['write'] }, run);
}

/** The keys among the arguments (the name is not among them). */
export function keysOf({ keys }: CommandSpec, args: readonly string[]): string[] {
  if (typeof keys === 'function') return keys(args);
  const [first, last, step] = keys;
  if (first === 0) return [];
  const end = last < 0 ? args.length + last : last - 1;
  return args.filter((_, at) => at >= first - 1 && at <= end && (at - first + 1) % step === 0);
}

export function arityFits({ arity }: CommandSpec, args: readonly string[]): boolean {
  const words = args.length + 1;
  return arity < 0 ? words >= -arity : words === arity;
}
