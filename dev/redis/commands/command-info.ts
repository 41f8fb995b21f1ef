import { type Command, type Context, command, keysOf, NO_KEYS, type OneOrMore } from '../command.ts';
import { Failure, type Reply } from '../reply.ts';
import { subcommands } from './subcommands.ts';

/** Name, arity, flags, first key, last key, step: what a cluster client reads; the fields after these are left empty. */
function describe({ name, arity, flags, keys }: Command): Reply {
  const visible = flags.filter((flag) => flag === 'write' || flag === 'readonly' || flag === 'noscript');
  const [first, last, step] = typeof keys === 'function' ? [0, 0, 0] : keys;
  const statuses = [...visible, ...(typeof keys === 'function' ? ['movablekeys'] : [])].map((status) => ({ status }));
  return [name.toLowerCase(), arity, statuses, first, last, step, [], [], [], []];
}

function keysIn({ instance }: Context, [name = '', ...args]: string[]): Reply {
  const found = instance.commands.get(name.toUpperCase());
  if (found === undefined) throw new Failure('ERR Invalid command specified');
  const keys = keysOf(found, args);
  if (keys.length === 0) throw new Failure('ERR The command has no key arguments');
  return keys;
}

const run = subcommands('COMMAND', {
  COUNT: { arity: 2, run: ({ instance }) => instance.commands.size },
  LIST: { arity: 2, run: ({ instance }) => [...instance.commands.values()].map(({ name }) => name.toLowerCase()) },
  GETKEYS: { arity: -4, run: keysIn },
  INFO: {
    arity: -2,
    run: ({ instance }, names) =>
      names.map((name) => {
        const found = instance.commands.get(name.toUpperCase());
        return found ? describe(found) : null;
      }),
  },
});

export const commandInfo: Command = command('COMMAND', { arity: -1, keys: NO_KEYS, flags: [] }, (context, words: string[]) => {
  if (words.length === 0) return [...context.instance.commands.values()].map(describe);
  return run(context, words as OneOrMore);
});
