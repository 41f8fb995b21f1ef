import { type Command, type Context, command, NO_KEYS, type OneOrMore, type TwoOrMore } from '../command.ts';
import { parseInteger } from '../numbers.ts';
import { Failure, OK, type Reply } from '../reply.ts';
import { subcommands } from './subcommands.ts';

/** Splits `numkeys key … arg …`; throws when the number does not fit. */
function splitKeys([countText = '', ...rest]: string[]): { keys: string[]; argv: string[] } {
  const count = parseInteger(countText);
  if (count > rest.length) throw new Failure("ERR Number of keys can't be greater than number of args");
  if (count < 0) throw new Failure("ERR Number of keys can't be negative");
  return { keys: rest.slice(0, count), argv: rest.slice(count) };
}

/** For the slot check, which comes before the command itself complains about a wrong count. */
function declaredKeys([, ...rest]: readonly string[]): string[] {
  const count = Number(rest[0]);
  return Number.isInteger(count) && count > 0 ? rest.slice(1, 1 + count) : [];
}

function evaluate(name: string, { bySha, readOnly }: { bySha: boolean; readOnly: boolean }): Command {
  const spec = { arity: -3, keys: declaredKeys, flags: ['noscript'] as const };
  return command(name, spec, (context, [script, ...rest]: TwoOrMore) => {
    const { keys, argv } = splitKeys(rest);
    const { scripts, clock } = context.instance;
    const sha = bySha ? script.toLowerCase() : scripts.add(script);
    if (!scripts.has(sha)) throw new Failure('NOSCRIPT No matching script. Please use EVAL.');
    // A SELECT in a script holds until its end.
    const { database } = context.client;
    try {
      return clock.frozen(() => scripts.run(sha, { context, keys, argv, readOnly }));
    } finally {
      context.client.database = database;
    }
  });
}

function flush({ instance }: Context, [mode = 'SYNC', ...rest]: string[]): Reply {
  const isMode = ['SYNC', 'ASYNC'].includes(mode.toUpperCase());
  if (!isMode || rest.length > 0) throw new Failure('ERR SCRIPT FLUSH only support SYNC|ASYNC option');
  instance.scripts.clear();
  return OK;
}

const script = subcommands('SCRIPT', {
  LOAD: { arity: 3, run: ({ instance }, [source = '']) => instance.scripts.add(source) },
  EXISTS: { arity: -3, run: ({ instance }, shas) => shas.map((sha) => (instance.scripts.has(sha.toLowerCase()) ? 1 : 0)) },
  FLUSH: { arity: -2, run: flush },
});

export const scriptingCommands: Command[] = [
  evaluate('EVAL', { bySha: false, readOnly: false }),
  evaluate('EVALSHA', { bySha: true, readOnly: false }),
  evaluate('EVAL_RO', { bySha: false, readOnly: true }),
  evaluate('EVALSHA_RO', { bySha: true, readOnly: true }),
  command('SCRIPT', { arity: -2, keys: NO_KEYS, flags: ['noscript'] }, (context, words: OneOrMore) => script(context, words)),
];
