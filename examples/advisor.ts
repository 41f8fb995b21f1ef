// Three consultations with one client, each a session of its own (the scenario of document 0). What the advisor says is scripted in
// advisor-script.ts; of earlier sessions it may use nothing but what the service's context says.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { CONSULTATIONS, type Exchange } from './advisor-script.ts';

const HELP = `Three consultations with one client; the second and the third know what was said before.

  node examples/advisor.ts [BASE_URL] [--key KEY]

  BASE_URL   a running Keepsake, with its /api (default http://localhost:7071/api)
  --key KEY  an API key, where the service runs with AUTH_MODE=keys

Every run is a new client, so a key that is bound to one user does not do.`;

const DEFAULT_URL = 'http://localhost:7071/api';
const STEP_MS = 5000; // one wait for the reflection; each step is told
const STEPS = 24;
const SHOWN = 12;

/** What stops the example: one line that says what to do. */
class Stop extends Error {}

interface Context {
  context_id: string;
  insights: { content: string }[];
}
interface Job {
  status: string;
  error?: string;
  result?: { facts_count?: number; insights_count?: number };
}

/** The few calls that the example makes. */
function connect(url: string, key: string | undefined) {
  async function call<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const headers = { 'content-type': 'application/json', ...(key && { 'x-api-key': key }) };
    const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(60_000) });
    const answer = (await response.json().catch(() => ({}))) as T & { code?: string; detail?: string };
    if (response.ok) return answer;
    const hint = response.status === 401 ? ' (give it with --key KEY)' : '';
    throw new Stop(
      `${method} ${path} was refused with ${response.status} ${answer.code ?? ''}: ${answer.detail ?? 'no reason given'}${hint}`,
    );
  }
  return {
    get: <T>(path: string) => call<T>('GET', path),
    post: <T>(path: string, body: object) => call<T>('POST', path, body),
  };
}
type Service = ReturnType<typeof connect>;

/** Throws a Stop unless a Keepsake answers here. */
async function expectKeepsake(service: Service, url: string): Promise<void> {
  let health: { service?: string } | undefined;
  try {
    health = await service.get<{ service?: string }>('/health');
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    if (!(error instanceof Stop))
      throw new Stop(`No Keepsake answers at ${url}${code ? ` (${code})` : ''}: start one with "npm start", or name its address (--help).`);
  }
  if (health?.service !== 'agent-memory') throw new Stop(`What answers at ${url} is not Keepsake: its address ends in /api (--help).`);
}

const say = (line: string): void => console.log(line);

/** One session, from start to the end of its reflection. */
async function consult(service: Service, who: { user_id: string; session_id: string }, exchanges: Exchange[]): Promise<void> {
  const opening = await service.post<{ insights: string[] }>('/sessions/start', who);
  tellKnown(opening.insights);
  for (const { client, advisor } of exchanges) {
    const context = await service.post<Context>('/memory/context', who);
    const answer = advisor(context.insights.map((insight) => insight.content));
    await service.post('/memory/store', { ...who, user_message: client, agent_message: answer, context_id: context.context_id });
    say(`  client   ${client}`);
    say(`  advisor  ${answer}`);
  }
  const { job_id } = await service.post<{ job_id: string }>('/sessions/end', { ...who, wait_ms: STEP_MS });
  const { facts_count = 0, insights_count = 0 } = await reflected(service, job_id);
  say(`  ended    reflected on: facts ${facts_count}, insights ${insights_count}`);
}

function tellKnown(lines: string[]): void {
  say(lines.length === 0 ? '  opens knowing nothing' : '  opens knowing');
  for (const line of lines.slice(0, SHOWN)) say(`    - ${line}`);
  if (lines.length > SHOWN) say(`    and ${lines.length - SHOWN} more`);
}

/** Waits in steps until the job is over, and says so at each. */
async function reflected(service: Service, jobId: string): Promise<NonNullable<Job['result']>> {
  for (let step = 0; step < STEPS; step++) {
    const { status, error, result } = await service.get<Job>(`/jobs/${jobId}?wait_ms=${step === 0 ? 0 : STEP_MS}`);
    if (status === 'done') return result ?? {};
    if (status === 'failed' || status === 'poison') throw new Stop(`The reflection ${status} (job ${jobId}): ${error}`);
    say(`  waiting  the reflection is ${status}${error ? ` after: ${error}` : ''}`);
  }
  throw new Stop(`The reflection is not done after ${(STEPS * STEP_MS) / 1000} s. Its state is at GET /jobs/${jobId}.`);
}

async function run(url: string, key: string | undefined): Promise<void> {
  const service = connect(url, key);
  await expectKeepsake(service, url);
  const user_id = `lena-${randomUUID().slice(0, 8)}`;
  say(`Keepsake at ${url}, client ${user_id}`);
  for (const [i, { title, exchanges }] of CONSULTATIONS.entries()) {
    say(`\nSession ${i + 1}: ${title}`);
    await consult(service, { user_id, session_id: `${user_id}-${i + 1}` }, exchanges);
  }
  const query = 'What did the client decide about the fund?';
  const { facts } = await service.post<{ facts: string[] }>('/memory/retrieve', { user_id, query, top_k: 2 });
  say(`\nAsked afterwards: ${query}`);
  for (const fact of facts) say(`    - ${fact}`);
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
