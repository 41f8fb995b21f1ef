import { type Command, type Context, command, NO_KEYS, type OneOrMore } from '../command.ts';
import { loadingLines, roleLine } from '../condition.ts';
import { globMatcher } from '../glob.ts';
import { DATABASES, type Instance, VERSION } from '../instance.ts';
import { OK, type Reply, syntaxError } from '../reply.ts';
import { subcommands } from './subcommands.ts';

/** The few settings that have a meaning here; CONFIG SET is refused. */
const SETTINGS: Record<string, string> = {
  appendonly: 'no',
  databases: String(DATABASES),
  maxmemory: '0',
  'maxmemory-policy': 'noeviction',
};

const SECTIONS: Record<string, (instance: Instance) => string[]> = {
  server: ({ port, startedAt }) => [
    `redis_version:${VERSION}`,
    'redis_mode:standalone',
    `process_id:${process.pid}`,
    `tcp_port:${port}`,
    `uptime_in_seconds:${Math.floor((Date.now() - startedAt) / 1000)}`,
  ],
  clients: ({ clients }) => [`connected_clients:${clients.size}`],
  memory: () => [`used_memory:${process.memoryUsage().heapUsed}`, 'maxmemory:0', 'maxmemory_policy:noeviction'],
  persistence: ({ condition }) => loadingLines(condition),
  stats: ({ commandsProcessed }) => [`total_commands_processed:${commandsProcessed}`],
  replication: ({ condition }) => [roleLine(condition), 'connected_slaves:0'],
  cluster: () => ['cluster_enabled:0'],
  keyspace: ({ databases }) =>
    databases.flatMap((db, index) => {
      const keys = db.keys();
      const expiring = keys.filter((key) => db.find(key)?.expiresAt !== undefined).length;
      return keys.length === 0 ? [] : [`db${index}:keys=${keys.length},expires=${expiring}`];
    }),
};
const EVERYTHING = new Set(['all', 'default', 'everything']);

function info({ instance }: Context, words: string[]): Reply {
  const wanted = words.map((word) => word.toLowerCase());
  const all = wanted.length === 0 || wanted.some((word) => EVERYTHING.has(word));
  const sections = Object.entries(SECTIONS).filter(([name]) => all || wanted.includes(name));
  const texts = sections.map(([name, lines]) => {
    const title = `# ${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return [title, ...lines(instance)].map((line) => `${line}\r\n`).join('');
  });
  return { verbatim: texts.join('\r\n') };
}

function flush({ instance }: Context, { words, databases }: { words: string[]; databases: readonly number[] }): Reply {
  const [mode = 'SYNC', ...rest] = words;
  if (rest.length > 0 || !['SYNC', 'ASYNC'].includes(mode.toUpperCase())) throw syntaxError();
  for (const index of databases) instance.databases[index]?.clear();
  return OK;
}

const config = subcommands('CONFIG', {
  GET: {
    arity: -3,
    run: (_context, patterns) => {
      const matchers = patterns.map((pattern) => globMatcher(pattern.toLowerCase()));
      return { pairs: Object.entries(SETTINGS).filter(([name]) => matchers.some((matches) => matches(name))) };
    },
  },
});

export const serverCommands: Command[] = [
  command('INFO', { arity: -1, keys: NO_KEYS, flags: [] }, info),
  command('DBSIZE', { arity: 1, keys: NO_KEYS, flags: ['readonly'] }, ({ db }) => db.keys().length),
  command('FLUSHDB', { arity: -1, keys: NO_KEYS, flags: ['write'] }, (context, words: string[]) =>
    flush(context, { words, databases: [context.client.database] }),
  ),
  command('FLUSHALL', { arity: -1, keys: NO_KEYS, flags: ['write'] }, (context, words: string[]) =>
    flush(context, { words, databases: [...context.instance.databases.keys()] }),
  ),
  command('TIME', { arity: 1, keys: NO_KEYS, flags: [] }, ({ db }) => {
    const ms = db.now();
    return [String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)];
  }),
  command('CONFIG', { arity: -2, keys: NO_KEYS, flags: ['noscript'] }, (context, words: OneOrMore) => config(context, words)),
];
