import type { Client } from '../client.ts';
import { type Command, type Context, command, NO_KEYS, type One, type OneOrMore, type Two } from '../command.ts';
import { DATABASES, VERSION } from '../instance.ts';
import { parseInteger } from '../numbers.ts';
import { Failure, OK, type Reply, syntaxError, wrongArity } from '../reply.ts';
import { checkName, clientCommand } from './client-command.ts';

const NO_PASSWORD_SET =
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?';
const HELLO_NEEDS_AUTH =
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be ' +
  'used to authenticate the client and select the RESP protocol version at the same time';

function logIn({ client, instance }: Context, [user, password]: Two): void {
  const { credentials } = instance;
  const accepted = credentials ? credentials.user === user && credentials.password === password : user === 'default';
  if (!accepted) throw new Failure('WRONGPASS invalid username-password pair or user is disabled.');
  client.authenticated = true;
  client.user = user;
}

function auth(context: Context, words: OneOrMore): Reply {
  if (words.length > 2) throw syntaxError();
  const [first, second] = words;
  if (second === undefined && !context.instance.credentials) throw new Failure(NO_PASSWORD_SET);
  logIn(context, second === undefined ? ['default', first] : [first, second]);
  return OK;
}

function hello(context: Context, [versionText, ...words]: string[]): Reply {
  const { client } = context;
  if (versionText !== undefined && versionText !== '2' && versionText !== '3') throw unsupportedProtocol(versionText);
  const options = parseHello(words);
  if (options.name !== undefined) checkName(options.name);
  if (options.auth) logIn(context, options.auth);
  if (!client.authenticated) throw new Failure(HELLO_NEEDS_AUTH);
  if (options.name !== undefined) client.name = options.name;
  if (versionText !== undefined) client.protocol = versionText === '3' ? 3 : 2;
  return greeting(client);
}

function unsupportedProtocol(text: string): Failure {
  const isNumber = /^-?[0-9]+$/.test(text);
  return new Failure(isNumber ? 'NOPROTO unsupported protocol version' : 'ERR Protocol version is not an integer or out of range');
}

function parseHello(words: string[]): { auth?: Two; name?: string } {
  const options: { auth?: Two; name?: string } = {};
  for (let at = 0; at < words.length; ) {
    const [option = '', first, second] = words.slice(at, at + 3);
    if (option.toUpperCase() === 'AUTH' && first !== undefined && second !== undefined) {
      options.auth = [first, second];
      at += 3;
    } else if (option.toUpperCase() === 'SETNAME' && first !== undefined) {
      options.name = first;
      at += 2;
    } else throw new Failure(`ERR Syntax error in HELLO option '${option}'`);
  }
  return options;
}

function greeting({ id, protocol }: Client): Reply {
  return {
    pairs: [
      ['server', 'redis'],
      ['version', VERSION],
      ['proto', protocol],
      ['id', id],
      ['mode', 'standalone'],
      ['role', 'master'],
      ['modules', []],
    ],
  };
}

function select({ client }: Context, [index]: One): Reply {
  const database = parseInteger(index);
  if (database < 0 || database >= DATABASES) throw new Failure('ERR DB index is out of range');
  client.database = database;
  return OK;
}

export const connectionCommands: Command[] = [
  command('PING', { arity: -1, keys: NO_KEYS, flags: [] }, (_context, [text, ...rest]: string[]) => {
    if (rest.length > 0) throw wrongArity('ping');
    return text ?? { status: 'PONG' };
  }),
  command('ECHO', { arity: 2, keys: NO_KEYS, flags: [] }, (_context, [text]: One) => text),
  command('HELLO', { arity: -1, keys: NO_KEYS, flags: ['noscript', 'unauthenticated'] }, hello),
  command('AUTH', { arity: -2, keys: NO_KEYS, flags: ['noscript', 'unauthenticated'] }, auth),
  command('SELECT', { arity: 2, keys: NO_KEYS, flags: [] }, select),
  command('QUIT', { arity: -1, keys: NO_KEYS, flags: ['noscript', 'unauthenticated', 'immediate'] }, ({ client }) => {
    client.leaving = true;
    return OK;
  }),
  clientCommand,
];
