import type { Client } from '../client.ts';
import { type Command, command, NO_KEYS, type OneOrMore } from '../command.ts';
import { Failure, OK, type Reply } from '../reply.ts';
import { subcommands } from './subcommands.ts';

/** Throws unless the name is printable ASCII without spaces. */
export function checkName(name: string): void {
  if (!/^[!-~]*$/.test(name)) throw new Failure('ERR Client names cannot contain spaces, newlines or special characters.');
}

function setName(client: Client, name: string): Reply {
  checkName(name);
  client.name = name;
  return OK;
}

function describe(client: Client): string {
  const age = Math.floor((Date.now() - client.connectedAt) / 1000);
  const queued = client.transaction?.commands.length ?? -1;
  return `id=${client.id} addr=${client.address} name=${client.name} age=${age} db=${client.database} multi=${queued} user=${client.user} resp=${client.protocol}\n`;
}

const run = subcommands('CLIENT', {
  ID: { arity: 2, run: ({ client }) => client.id },
  GETNAME: { arity: 2, run: ({ client }) => client.name || null },
  SETNAME: { arity: 3, run: ({ client }, [name = '']) => setName(client, name) },
  INFO: { arity: 2, run: ({ client }) => ({ verbatim: describe(client) }) },
  LIST: { arity: 2, run: ({ instance }) => ({ verbatim: [...instance.clients.values()].map(describe).join('') }) },
});

export const clientCommand: Command = command('CLIENT', { arity: -2, keys: NO_KEYS, flags: ['noscript'] }, (context, words: OneOrMore) =>
  run(context, words),
);
