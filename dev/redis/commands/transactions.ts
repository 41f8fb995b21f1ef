import { unwatch } from '../client.ts';
import { ALL_KEYS, type Command, type Context, command, NO_KEYS, type OneOrMore } from '../command.ts';
import { runTransaction } from '../dispatch.ts';
import { Failure, NULL_ARRAY, OK, type Reply } from '../reply.ts';

function exec(context: Context): Reply {
  const { client } = context;
  const { transaction, watching } = client;
  if (transaction === undefined) throw new Failure('ERR EXEC without MULTI');
  // Looking at a watched key that has expired meanwhile removes it, which breaks the watch.
  for (const { db, key } of watching?.keys ?? []) db.find(key);
  client.transaction = undefined;
  unwatch(client);
  if (transaction.broken) throw new Failure('EXECABORT Transaction discarded because of previous errors.');
  if (watching?.watch.broken) return NULL_ARRAY;
  return runTransaction(context, transaction.commands);
}

function watch({ client, db }: Context, keys: OneOrMore): Reply {
  if (client.transaction) throw new Failure('ERR WATCH inside MULTI is not allowed');
  client.watching ??= { watch: { broken: false }, keys: [] };
  for (const key of keys) {
    db.find(key);
    db.watch(key, client.watching.watch);
    client.watching.keys.push({ db, key });
  }
  return OK;
}

export const transactionCommands: Command[] = [
  command('MULTI', { arity: 1, keys: NO_KEYS, flags: ['noscript', 'immediate'] }, ({ client }) => {
    if (client.transaction) throw new Failure('ERR MULTI calls can not be nested');
    client.transaction = { commands: [], broken: false };
    return OK;
  }),
  command('EXEC', { arity: 1, keys: NO_KEYS, flags: ['noscript', 'immediate'] }, exec),
  command('DISCARD', { arity: 1, keys: NO_KEYS, flags: ['noscript', 'immediate'] }, ({ client }) => {
    if (!client.transaction) throw new Failure('ERR DISCARD without MULTI');
    client.transaction = undefined;
    unwatch(client);
    return OK;
  }),
  command('WATCH', { arity: -2, keys: ALL_KEYS, flags: ['noscript', 'immediate'] }, watch),
  command('UNWATCH', { arity: 1, keys: NO_KEYS, flags: ['noscript'] }, ({ client }) => {
    unwatch(client);
    return OK;
  }),
];
