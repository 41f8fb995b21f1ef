import { arityFits, type Context } from '../command.ts';
import { Failure, type Reply, wrongArity } from '../reply.ts';

interface Subcommand {
  /** Number of words with both names; negative means at least that many. */
  arity: number;
  run(context: Context, args: string[]): Reply;
}

/** Picks the subcommand by its name; an unknown one is refused with Redis's words. */
export function subcommands(name: string, table: Record<string, Subcommand>) {
  return (context: Context, [word, ...args]: [string, ...string[]]): Reply => {
    const subcommand = Object.hasOwn(table, word.toUpperCase()) ? table[word.toUpperCase()] : undefined;
    if (subcommand === undefined) throw new Failure(`ERR unknown subcommand '${word.slice(0, 128)}'. Try ${name} HELP.`);
    const fits = arityFits({ arity: subcommand.arity, keys: [0, 0, 0], flags: [] }, [word, ...args]);
    if (!fits) throw wrongArity(`${name}|${word}`);
    return subcommand.run(context, args);
  };
}
