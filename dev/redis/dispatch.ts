import type { Client } from './client.ts';
import { arityFits, type Command, type Context, keysOf } from './command.ts';
import { refusalInScript, refusalOf } from './condition.ts';
import type { Instance } from './instance.ts';
import type { ScriptCall } from './lua/scripts.ts';
import { Failure, type Reply, wrongArity } from './reply.ts';
import { spansSlots } from './slots.ts';

const CROSS_SLOT = "CROSSSLOT Keys in request don't hash to the same slot";
const SHOWN_ARGUMENTS = 128;

/** Runs one command of a client and answers; never throws for what a client can cause. Inside MULTI it is queued instead. */
export function dispatch(instance: Instance, client: Client, words: string[]): Reply {
  instance.commandsProcessed++;
  try {
    const found = admit(instance, client, words);
    if (client.transaction && !found.flags.includes('immediate')) {
      client.transaction.commands.push(words);
      return { status: 'QUEUED' };
    }
    return run(instance, client, { found, args: words.slice(1) });
  } catch (error) {
    return asFailure(error);
  }
}

/** Marks an open transaction so that its EXEC is refused: a command of it was not accepted. */
export function breakTransaction(client: Client): void {
  if (client.transaction) client.transaction.broken = true;
}

/** Runs queued commands one after the other; a failing one does not stop the rest. */
export function runTransaction({ instance, client }: Context, commands: string[][]): Reply {
  const queued = commands.map((words) => ({ found: known(instance, words), args: words.slice(1) }));
  const keys = queued.flatMap(({ found, args }) => keysOf(found, args));
  if (instance.checkSlots && spansSlots(keys)) throw new Failure(CROSS_SLOT);
  return queued.map((command) => {
    try {
      return run(instance, client, command);
    } catch (error) {
      return asFailure(error);
    }
  });
}

/** Runs a command for a script. With slots checked, a script may touch only the keys it was given. */
export function callFromScript(script: ScriptCall, [name = '', ...args]: string[]): Reply {
  const { context, keys, readOnly } = script;
  const { instance, client } = context;
  try {
    const found = instance.commands.get(name.toUpperCase());
    if (found === undefined) throw new Failure('ERR Unknown Redis command called from script');
    if (!arityFits(found, args)) throw new Failure('ERR Wrong number of args calling Redis command from script');
    if (found.flags.includes('noscript')) throw new Failure('ERR This Redis command is not allowed from script');
    if (readOnly && found.flags.includes('write')) throw new Failure('ERR Write commands are not allowed from read-only scripts.');
    const refusal = refusalInScript(instance.condition, found, { hasWritten: script.hasWritten === true });
    if (refusal !== undefined) throw new Failure(refusal);
    script.hasWritten ||= found.flags.includes('write');
    const undeclared = instance.checkSlots ? keysOf(found, args).find((key) => !keys.includes(key)) : undefined;
    if (undeclared !== undefined) throw new Failure(`ERR Script attempted to access the undeclared key '${undeclared}'`);
    return run(instance, client, { found, args });
  } catch (error) {
    return asFailure(error);
  }
}

/** Finds the command and refuses it when it may not run: unknown, wrong number of words, not logged in, keys of several slots, the server's condition. */
function admit(instance: Instance, client: Client, words: string[]): Command {
  try {
    const found = known(instance, words);
    const args = words.slice(1);
    if (!arityFits(found, args)) throw wrongArity(found.name);
    if (!client.authenticated && !found.flags.includes('unauthenticated')) throw new Failure('NOAUTH Authentication required.');
    if (instance.checkSlots && spansSlots(keysOf(found, args))) throw new Failure(CROSS_SLOT);
    const refusal = refusalOf(instance.condition, found);
    if (refusal !== undefined) throw new Failure(refusal);
    return found;
  } catch (error) {
    breakTransaction(client);
    throw error;
  }
}

function known({ commands }: Instance, [name = '', ...args]: string[]): Command {
  const found = commands.get(name.toUpperCase());
  if (found !== undefined) return found;
  let shown = '';
  for (const arg of args) if (shown.length < SHOWN_ARGUMENTS) shown += `'${arg.slice(0, SHOWN_ARGUMENTS - shown.length)}' `;
  throw new Failure(`ERR unknown command '${name.slice(0, SHOWN_ARGUMENTS)}', with args beginning with: ${shown}`);
}

function run(instance: Instance, client: Client, { found, args }: { found: Command; args: string[] }): Reply {
  const db = instance.databases[client.database];
  if (db === undefined) throw new Failure('ERR DB index is out of range');
  return found.run({ db, client, instance }, args);
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(`ERR the Redis stand-in failed: ${error instanceof Error ? error.message : String(error)}`);
}
