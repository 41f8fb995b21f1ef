// The SMS assistant of document 2, over HTTP: what it must know between two text messages lies in the service, so that any process
// may answer the next one. What it says is scripted; nothing is kept in this process but the client.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createMemoryClient, KeepsakeError, ListEmpty, type ListedMessage, type Session } from '../src/lib/client/client.ts';

const HELP = `An SMS assistant whose memory of a conversation is all in Keepsake: messages, preferences, statistics.

  node examples/sms-assistant.ts [BASE_URL] [--key KEY] [--conversation ID]

  BASE_URL           a running Keepsake, with its /api (default http://localhost:7071/api)
  --key KEY          an API key, where the service runs with AUTH_MODE=keys
  --conversation ID  go on with a conversation (default: a new one)`;

const DEFAULT_URL = 'http://localhost:7071/api';
const HISTORY = 5; // messages that the assistant looks back on, as in the document
const OUTBOX = 3;

interface Preferences {
  language: string;
  response_length: 'short' | 'medium';
}
interface Stats {
  message_count: number;
  last_activity?: number;
}
const DEFAULTS: Preferences = { language: 'auto', response_length: 'medium' };

const TEXTS = [
  'Hi, this is Jonas. Can you remind me of my dentist?',
  'Please keep it short from now on.',
  'It is on Thursday at 9.',
  'What did I say my name was?',
];

const say = (line: string): void => console.log(line);

/** Answers one text message; each call could run in another process. */
async function answer(memory: Session, text: string): Promise<string> {
  await memory.messages.add('user', text, { metadata: { channel: 'sms' } });
  const preferences = await memory.fields.get('user_preferences', DEFAULTS);
  const history = await memory.messages.list({ limit: HISTORY });

  const { response, learned } = respond(text, history, preferences);
  if (learned) await memory.fields.set('user_preferences', { ...preferences, ...learned });

  await memory.messages.add('assistant', response);
  await memory.fields.append('outbox', { text: response, queued_at: Date.now() / 1000 }, { max_length: OUTBOX });
  await memory.fields.edit('conversation_stats', counted, { fallback: { message_count: 0 } });
  return response;
}

/** Another process may be counting too, so this is applied to what is there when it is written. */
const counted = (stats: Stats): Stats => ({ message_count: stats.message_count + 1, last_activity: Date.now() / 1000 });

/** Stands for the language model: what it may use is what it is given. */
function respond(
  text: string,
  history: ListedMessage[],
  { response_length }: Preferences,
): { response: string; learned?: Partial<Preferences> } {
  if (/keep it short/i.test(text)) return { response: 'OK.', learned: { response_length: 'short' } };
  const name = history.map(({ content }) => /this is (\w+)/i.exec(content)?.[1]).find((found) => found !== undefined);
  if (/my name/i.test(text)) return { response: name ? `${name}.` : 'You did not say in your last messages.' };
  const long = name ? `Of course, ${name}. I have noted it and will remind you in time.` : 'I have noted it and will remind you in time.';
  return { response: response_length === 'short' ? 'Noted.' : long };
}

/** What was to be sent, oldest first, until there is nothing left: IndexError in the document, an exception by name here. */
async function sendAll(memory: Session): Promise<string[]> {
  const sent: string[] = [];
  for (;;) {
    try {
      sent.push((await memory.fields.pop<{ text: string }>('outbox', 0)).text);
    } catch (error) {
      if (error instanceof ListEmpty) return sent;
      throw error;
    }
  }
}

async function run(baseUrl: string, { key, conversation }: { key?: string; conversation: string }): Promise<void> {
  const memory = createMemoryClient({ baseUrl, apiKey: key }).session(conversation);
  say(`Keepsake at ${baseUrl}, conversation ${conversation}`);
  for (const text of TEXTS) {
    say(`  in   ${text}`);
    say(`  out  ${await answer(memory, text)}`);
  }
  const sent = await sendAll(memory);
  const { message_count } = await memory.fields.get('conversation_stats', { message_count: 0 });
  const { total_fields, total_size_bytes } = await memory.fields.size();
  say(`\n  sent ${sent.length} of them, the newest: ${sent.at(-1)}`);
  say(`  ${await memory.messages.count()} messages stored, ${message_count} answered`);
  say(`  ${total_fields} fields (${(await memory.fields.keys()).join(', ')}), ${total_size_bytes} bytes`);
}

/** One line that says what to do. */
function lineOf(error: unknown, baseUrl: string): string {
  if (!(error instanceof KeepsakeError)) return String((error as Error).message).split('\n')[0] ?? '';
  if (error.code === 'unreachable') return `No Keepsake answers at ${baseUrl}: start one with "npm start", or name its address (--help).`;
  if (error.status === 401) return `${error.message} (give it with --key KEY)`;
  if (error.status === 404 && error.code === 'http_404')
    return `What answers at ${baseUrl} is not Keepsake: its address ends in /api (--help).`;
  return error.message;
}

let baseUrl = DEFAULT_URL;
try {
  const options = { key: { type: 'string' }, conversation: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  baseUrl = (positionals[0] ?? DEFAULT_URL).replace(/\/+$/, '');
  if (values.help) say(HELP);
  else await run(baseUrl, { key: values.key, conversation: values.conversation ?? `sms-${randomUUID().slice(0, 8)}` });
} catch (error) {
  console.error(lineOf(error, baseUrl));
  process.exitCode = 1;
}
