import type { Command } from './command.ts';

/** How a server is: well, reading its data after a start, demoted to a replica, or beyond its maxmemory with nothing to evict. */
export type Condition = 'well' | 'loading' | 'replica' | 'full';

const LOADING = 'LOADING Redis is loading the dataset in memory';
const REPLICA = "READONLY You can't write against a read only replica.";
const FULL = "OOM command not allowed when used memory > 'maxmemory'.";

/** What Redis 7.0 answers while it loads, of the commands of this server (`COMMAND INFO`, flag `loading`). */
const WHILE_LOADING = new Set(
  'AUTH CLIENT COMMAND CONFIG DISCARD EXEC HELLO INFO MULTI OBJECT QUIT RESET SELECT TIME UNWATCH WATCH'.split(' '),
);

/** What may take memory and is refused when there is none (flag `denyoom` of Redis 7.0). What only gives memory back is not. */
const TAKES_MEMORY = new Set(
  [
    'APPEND COPY DECR DECRBY GETSET INCR INCRBY INCRBYFLOAT MSET MSETNX PSETEX SET SETEX SETNX SETRANGE',
    'HINCRBY HINCRBYFLOAT HMSET HSET HSETNX LINSERT LMOVE LPUSH LPUSHX LSET RPOPLPUSH RPUSH RPUSHX',
    'SADD SDIFFSTORE SINTERSTORE SUNIONSTORE ZADD ZDIFFSTORE ZINCRBY ZINTERSTORE ZRANGESTORE ZUNIONSTORE',
  ].flatMap((names) => names.split(' ')),
);

/** The error with which a server in this condition refuses a command of a client; undefined when it runs it. */
export function refusalOf(condition: Condition, { name, flags }: Command): string | undefined {
  if (condition === 'full' && TAKES_MEMORY.has(name)) return FULL;
  if (condition === 'replica' && flags.includes('write')) return REPLICA;
  return condition === 'loading' && !WHILE_LOADING.has(name) ? LOADING : undefined;
}

/** The same for a command in a script: once it has written it may take memory, because it cannot be stopped half-way. */
export function refusalInScript(condition: Condition, command: Command, { hasWritten }: { hasWritten: boolean }): string | undefined {
  if (condition === 'loading' || (condition === 'full' && hasWritten)) return undefined;
  return refusalOf(condition, command);
}

/** The lines of INFO that tell. */
export const loadingLines = (condition: Condition): string[] =>
  condition === 'loading' ? ['loading:1', 'loading_eta_seconds:1'] : ['loading:0'];
export const roleLine = (condition: Condition): string => (condition === 'replica' ? 'role:slave' : 'role:master');
