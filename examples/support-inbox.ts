// Feeds a support inbox of fifty conversations (support-inbox-texts.ts) to Keepsake and watches what it makes of them: sessions with
// summaries, facts about each customer, and what that took.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Ticket, tickets } from './support-inbox-texts.ts';

const HELP = `Fifty support conversations are handed in at once; facts and summaries grow in the background.

  node examples/support-inbox.ts [BASE_URL] [--key KEY]

  BASE_URL   a running Keepsake, with its /api (default http://localhost:7071/api)
  --key KEY  an API key, where the service runs with AUTH_MODE=keys

Every run has customers of its own, so a key that is bound to one user does not do.`;

const DEFAULT_URL = 'http://localhost:7071/api';
const AT_ONCE = 5;
const LOOK_MS = 500;
const PATIENCE_MS = 180_000; // without any progress
const BAR = 30;

/** What stops the example: one line that says what to do. */
class Stop extends Error {}

interface Stats {
  hierarchy_stats: { discrete_memories: number; session_summaries: number; raw_transcripts: number };
  processing_stats: { processed: number; queued: number; errors: number };
}
interface Fact {
  user_id: string;
  text: string;
  links: { session_summaries: string[]; messages: string[] };
}
interface Usage {
  days: { kind: string; calls: number; tokens_in: number; tokens_out: number; cost: number; ru: number }[];
}
interface Problem {
  code?: string;
  detail?: string;
}

/** The few calls that the example makes. */
function connect(url: string, key: string | undefined) {
  async function call(path: string, body?: object): Promise<{ status: number; answer: unknown }> {
    const headers = { 'content-type': 'application/json', ...(key && { 'x-api-key': key }) };
    const method = body ? 'POST' : 'GET';
    const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(60_000) });
    return { status: response.status, answer: await response.json().catch(() => ({})) };
  }
  async function expectOk<T>(path: string, body?: object): Promise<T> {
    const { status, answer } = await call(path, body);
    if (status < 300) return answer as T;
    const { code = '', detail = 'no reason given' } = answer as Problem;
    throw new Stop(`${path} was refused with ${status} ${code}: ${detail}${status === 401 ? ' (give it with --key KEY)' : ''}`);
  }
  return { call, get: <T>(path: string) => expectOk<T>(path), post: <T>(path: string, body: object) => expectOk<T>(path, body) };
}
type Service = ReturnType<typeof connect>;

/** Throws a Stop unless a Keepsake answers here. */
async function expectKeepsake(service: Service, url: string): Promise<void> {
  const found = await service.call('/health').catch((error: Error) => {
    const { code } = (error.cause ?? {}) as { code?: string };
    throw new Stop(`No Keepsake answers at ${url}${code ? ` (${code})` : ''}: start one with "npm start", or name its address (--help).`);
  });
  if ((found.answer as { service?: string }).service !== 'agent-memory')
    throw new Stop(`What answers at ${url} is not Keepsake: its address ends in /api (--help).`);
}

const say = (line: string): void => console.log(line);
const live = process.stdout.isTTY === true;

/** One line that grows: redrawn in a terminal, printed at each fifth of the way elsewhere. */
function createProgress(total: number) {
  let printed = -1;
  return (done: number, note: string): void => {
    const filled = Math.round((done / total) * BAR);
    const line = `  [${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${done}/${total}  ${note}`;
    const fifth = Math.floor((done / total) * 5);
    if (live) process.stdout.write(`\r${line}\u001B[K${done === total ? '\n' : ''}`);
    else if (fifth > printed) say(line);
    printed = fifth;
  };
}

async function handIn(service: Service, namespace: string, all: Ticket[]): Promise<void> {
  const waiting = [...all];
  const worker = async () => {
    for (let ticket = waiting.shift(); ticket; ticket = waiting.shift()) {
      const { customer, session, at, text } = ticket;
      const metadata = { user_id: customer, timestamp: at, channel: 'chat' };
      await service.post(`/memory/${namespace}/store_raw`, { session_data: text, session_id: session, metadata });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Watches the hierarchy grow until every conversation is processed. */
async function watch(service: Service, namespace: string, total: number): Promise<Stats> {
  const show = createProgress(total);
  let before = -1;
  for (let since = Date.now(); ; await pause(LOOK_MS)) {
    const stats = await service.get<Stats>(`/memory/${namespace}/stats`);
    const { discrete_memories, session_summaries } = stats.hierarchy_stats;
    const { processed, errors } = stats.processing_stats;
    const done = processed + errors;
    show(done, `facts ${discrete_memories}, summaries ${session_summaries}${errors > 0 ? `, errors ${errors}` : ''}`);
    if (done >= total) return stats;
    if (done > before) since = Date.now();
    before = done;
    if (Date.now() - since > PATIENCE_MS)
      throw new Stop(`Nothing was processed for ${PATIENCE_MS / 1000} s. GET /memory/${namespace}/processing_status says how it stands.`);
  }
}

async function tellCustomer(service: Service, namespace: string, customer: string): Promise<void> {
  const { results } = await service.get<{ results: { discrete_memories: Fact[] } }>(
    `/memory/${namespace}/hierarchy?memory_type=discrete&limit=1000`,
  );
  const facts = results.discrete_memories.filter((fact) => fact.user_id === customer);
  say(`\nKnown about ${customer}`);
  for (const { text, links } of facts) say(`  - ${text}  (${links.session_summaries.at(-1)}, ${links.messages.length} source)`);
}

/** What it took, by kind of work; services that keep no ledger have none. */
async function tellUsage(service: Service): Promise<void> {
  const { status, answer } = await service.call('/usage');
  if (status === 404) return say('\nThis Keepsake keeps no ledger (GET /usage is not there).');
  if (status !== 200) return say(`\nThe ledger was refused with ${status} ${(answer as Problem).code ?? ''}.`);
  say('\nSpent by this tenant in the last 30 days');
  say(`  ${'kind'.padEnd(14)}${['calls', 'tokens in', 'tokens out', 'cost', 'RU'].map((head) => head.padStart(12)).join('')}`);
  const kinds = Map.groupBy((answer as Usage).days, (day) => day.kind);
  for (const [kind, days] of kinds) {
    const sum = (of: (day: Usage['days'][number]) => number) => days.reduce((total, day) => total + of(day), 0);
    const figures = [sum((d) => d.calls), sum((d) => d.tokens_in), sum((d) => d.tokens_out), sum((d) => d.cost), sum((d) => d.ru)];
    say(`  ${kind.padEnd(14)}${figures.map((n) => String(Math.round(n * 100) / 100).padStart(12)).join('')}`);
  }
}

async function run(url: string, key: string | undefined): Promise<void> {
  const service = connect(url, key);
  await expectKeepsake(service, url);
  const id = randomUUID().slice(0, 8);
  const namespace = `inbox-${id}`;
  const all = tickets(id);
  const begun = Date.now();
  await handIn(service, namespace, all);
  say(`Keepsake at ${url}, inbox ${namespace}`);
  say(`${all.length} conversations handed in within ${((Date.now() - begun) / 1000).toFixed(1)} s; they are read in the background:\n`);
  const { hierarchy_stats } = await watch(service, namespace, all.length);
  const { discrete_memories, session_summaries, raw_transcripts } = hierarchy_stats;
  say(
    `\nAfter ${((Date.now() - begun) / 1000).toFixed(1)} s: ${discrete_memories} facts < ${session_summaries} summaries < ${raw_transcripts} transcripts`,
  );
  await tellCustomer(service, namespace, all[0]?.customer ?? '');
  await tellUsage(service);
}

process.stdout.on('error', () => process.exit()); // the reader has seen enough (| head)

try {
  const options = { key: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) say(HELP);
  else await run((positionals[0] ?? DEFAULT_URL).replace(/\/+$/, ''), values.key);
} catch (error) {
  console.error((error as Error).message.split('\n')[0]);
  process.exitCode = 1;
}
