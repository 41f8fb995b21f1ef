// What is remembered of two conversations: found by what was said around it, put into a context, listed as facts, corrected, asked for
// as it was believed before, and forgotten. With the typed client; what the assistant says is scripted.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import {
  createMemoryClient,
  KeepsakeError,
  type MemoryClient,
  type Session,
  SessionNotFound,
  type User,
} from '../src/lib/client/client.ts';

const HELP = `Two conversations are remembered, asked about, corrected, and partly forgotten.

  node examples/recall.ts [BASE_URL] [--key KEY]

  BASE_URL   a running Keepsake, with its /api (default http://localhost:7071/api)
  --key KEY  an API key, where the service runs with AUTH_MODE=keys

Every run is a new user, so a key that is bound to one user does not do.`;

const DEFAULT_URL = 'http://localhost:7071/api';
const QUESTION = 'When can the plumber come?';

type Exchange = [user: string, assistant: string];
const FIRST: Exchange[] = [
  ['I am Ana and I live in Lisbon. I prefer to be called in the evening.', 'Welcome, Ana. What can I do for you?'],
  ['The boiler leaks. Can you find me a plumber?', 'Gladly. On which day may the plumber come?'],
  ['Thursday, but not before four.', 'Noted, I will arrange it.'],
];
const SECOND: Exchange[] = [
  ['Thanks, the boiler works again. I work as a nurse at Santa Maria.', 'Good to hear.'],
  ['I am allergic to penicillin.', 'I have noted that.'],
];

const say = (line: string): void => console.log(line);
const dayOf = (time: string): string => time.slice(0, 10);

/** A conversation that took place some days ago, ended and learned from. Answers when it was. */
async function converse(session: Session, exchanges: Exchange[], daysAgo: number): Promise<string> {
  const created_at = new Date(Date.now() - daysAgo * 86_400_000).toISOString();
  for (const [user_message, agent_message] of exchanges) await session.store({ user_message, agent_message, created_at });
  const { turns_count, insights_count } = await session.end({ wait_ms: 30_000 });
  say(`  ${dayOf(created_at)}  turns ${turns_count}, insights ${insights_count}`);
  return created_at;
}

/** The answer has no word of the question: what was said around it leads there, in a search and in the context for the next call. */
async function ask(memory: MemoryClient, now: Session, user_id: string): Promise<void> {
  const { results } = await memory.retrieve({ user_id, query: QUESTION, kinds: ['turn'], top_k: 3 });
  say(`\nAsked: ${QUESTION}`);
  for (const { role, text, timestamp } of results) say(`  ${dayOf(timestamp)}  ${role}: ${text}`);
  const { formatted_context, usage } = await now.context({ query: QUESTION, max_tokens: 1000 });
  const [, memories = ''] = formatted_context.split('### Relevant Memories\n');
  say(`\nContext for the next call: ${usage.total_tokens} tokens, among them`);
  for (const line of memories.split('\n').slice(0, 3)) say(`  ${line}`);
}

async function correct(memory: MemoryClient, { id: user_id, facts }: User, before: string): Promise<void> {
  let home = '';
  say('\nFacts');
  for await (const { id, text, valid_from } of facts.all()) {
    say(`  ${dayOf(valid_from)}  ${text}`);
    if (text.includes('Lisbon')) home = id;
  }
  if (home === '') throw new Error('Of Lisbon nothing was learned yet: GET /jobs says how the reflections stand.');
  const { etag } = await facts.get(home);
  const { text, version } = await facts.edit(home, { text: 'User lives in Porto.' }, { ifMatch: etag });
  const where = { user_id, query: 'Where does she live?', kinds: ['fact' as const], top_k: 1 };
  say(`\nCorrected: ${text} (version ${version})`);
  say(`  asked now, where she lives           ${(await memory.retrieve(where)).facts}`);
  say(`  asked what was believed ${dayOf(before)}   ${(await memory.retrieve({ ...where, as_of: before })).facts}`);
}

/** How often a word is still said: in facts, in what a search finds, in a new session's context, and in the messages of a session. */
async function countOf(memory: MemoryClient, { id: user_id, facts }: User, word: string): Promise<string> {
  const count = (texts: string[]) => texts.filter((text) => text.includes(word)).length;
  const [listed, found, { formatted_context }, messages] = await Promise.all([
    facts.list({ status: 'all', limit: 100 }),
    memory.retrieve({ user_id, query: word, top_k: 20 }),
    memory.session(`${user_id}-now`, { user_id }).context({ query: word }),
    messagesOf(memory.session(`${user_id}-2`, { user_id })),
  ]);
  const [inFacts, inContext] = [count(listed.facts.map(({ text }) => text)), count(formatted_context.split('\n'))];
  return `facts ${inFacts}, retrieve ${count(found.facts)}, context ${inContext}, messages ${count(messages)}`;
}

async function messagesOf({ messages }: Session): Promise<string[]> {
  try {
    return (await messages.list()).map(({ content }) => content);
  } catch (error) {
    if (error instanceof SessionNotFound) return [];
    throw error;
  }
}

async function run(memory: MemoryClient, baseUrl: string): Promise<void> {
  const user = memory.user(`ana-${randomUUID().slice(0, 8)}`);
  const session = (name: string) => memory.session(`${user.id}-${name}`, { user_id: user.id });
  say(`Keepsake at ${baseUrl}, two conversations with ${user.id}`);
  await converse(session('1'), FIRST, 12);
  const second = await converse(session('2'), SECOND, 5);
  await session('now').start();
  await ask(memory, session('now'), user.id);
  await correct(memory, user, second);

  const { facts } = await user.forget({ query: 'penicillin' }, { dryRun: true });
  say(`\nForgetting: ${facts.map(({ text }) => text).join(' ')}`);
  say(`  before                    ${await countOf(memory, user, 'penicillin')}`);
  await user.forget({ query: 'penicillin' });
  say(`  forgotten                 ${await countOf(memory, user, 'penicillin')}: the record stays, until`);
  await session('2').clear();
  say(`  its session is deleted    ${await countOf(memory, user, 'penicillin')}`);
}

function lineOf(error: Error, baseUrl: string): string {
  if (!(error instanceof KeepsakeError)) return error.message.split('\n')[0] ?? '';
  if (error.code === 'unreachable') return `No Keepsake answers at ${baseUrl}: start one with "npm start", or name its address (--help).`;
  if (error.status === 401) return `${error.message} (give it with --key KEY)`;
  if (error.code === 'http_404') return `What answers at ${baseUrl} is not Keepsake: its address ends in /api (--help).`;
  return error.message;
}

process.stdout.on('error', () => process.exit()); // the reader has seen enough (| head)
let baseUrl = DEFAULT_URL;
try {
  const options = { key: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  baseUrl = (positionals[0] ?? DEFAULT_URL).replace(/\/+$/, '');
  if (values.help) say(HELP);
  else await run(createMemoryClient({ baseUrl, apiKey: values.key }), baseUrl);
} catch (error) {
  console.error(lineOf(error as Error, baseUrl));
  process.exitCode = 1;
}
