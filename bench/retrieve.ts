import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from '../dev/build.ts';
import { startHost } from '../dev/host/start.ts';
import { type Api, createApi } from '../test/support/api.ts';
import { appFolder } from '../test/support/app-folder.ts';
import { createTalker } from './talker.ts';
import { startTiers } from './tiers.ts';

const QUERIES = 200;
const MESSAGES_A_CALL = 50;
const SESSION_MESSAGES = 40;
const COLD_USERS = 8;

const { values } = parseArgs({ options: { large: { type: 'string', default: '20000' }, others: { type: 'string', default: '200' } } });
const large = Number(values.large);
const others = Number(values.others);

const talker = createTalker(7);
const say = (text: string) => process.stdout.write(`${text}\n`);
const at = (times: number[], share: number): number => times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN;

async function posted(api: Api, path: string, body: object): Promise<{ count?: number }> {
  const answer = await api.post(path, body);
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 200)}`);
  return answer.body;
}

/** Stores so many messages of a user, in sessions of forty. */
async function tell(api: Api, user_id: string, count: number): Promise<void> {
  for (let done = 0; done < count; done += MESSAGES_A_CALL) {
    const messages = Array.from({ length: Math.min(MESSAGES_A_CALL, count - done) }, (_, i) => ({
      role: i % 2 === 0 ? 'user' : 'assistant',
      content: talker.sentence(),
    }));
    await posted(api, '/memory/store', { user_id, session_id: `${user_id}-${Math.floor(done / SESSION_MESSAGES)}`, messages });
  }
}

async function ask(api: Api, user_id: string): Promise<number> {
  const query = talker.question();
  const begun = performance.now();
  await posted(api, '/memory/retrieve', { user_id, query, top_k: 5 });
  return performance.now() - begun;
}

async function askOften(api: Api, user_id: string, times = QUERIES): Promise<number[]> {
  for (let i = 0; i < 30; i++) await ask(api, user_id);
  const found: number[] = [];
  for (let i = 0; i < times; i++) found.push(await ask(api, user_id));
  return found;
}

/** What an answer costs that touches no tier, and one that reads one session from Redis. */
async function baselines(api: Api): Promise<{ health: number[]; context: number[] }> {
  const who = { user_id: 'baseline', session_id: 'baseline' };
  await posted(api, '/memory/store', { ...who, user_message: 'Hello.', agent_message: 'Hello.' });
  const [health, context]: [number[], number[]] = [[], []];
  for (let i = 0; i < QUERIES; i++) {
    const begun = performance.now();
    await api.get('/health');
    const between = performance.now();
    await posted(api, '/memory/context', who);
    health.push(between - begun);
    context.push(performance.now() - between);
  }
  return { health, context };
}

async function indexed(api: Api, user_id: string, messages: number): Promise<void> {
  for (let look = 0; look < 600; look++) {
    const { body } = await api.get('/jobs?kind=index&limit=100');
    const mine = body.jobs.filter((job: { user_id?: string }) => job.user_id === user_id);
    const done = mine.reduce((sum: number, job: { result?: { indexed?: number } }) => sum + (job.result?.indexed ?? 0), 0);
    if (done >= messages) return;
    if (look % 20 === 0) await ask(api, user_id);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the index of ${user_id} was not written within a minute`);
}

async function measure(api: Api, restart: () => Promise<Api>, quiet: () => Promise<void>): Promise<void> {
  const row = (what: string, times: number[], base: number[]) =>
    say(
      `${what.padEnd(44)}${at(times, 0.5).toFixed(1).padStart(8)}${at(times, 0.95).toFixed(1).padStart(9)}${(at(times, 0.5) / at(base, 0.5)).toFixed(2).padStart(12)}`,
    );
  await tell(api, 'small', 600);
  for (let i = 0; i < COLD_USERS; i++) await tell(api, `cold-${i}`, 600);
  for (const user of ['small', ...Array.from({ length: COLD_USERS }, (_, i) => `cold-${i}`)]) {
    await ask(api, user);
    await indexed(api, user, 600);
  }
  await quiet();
  const base = await baselines(api);
  say(`${''.padEnd(44)}p50 ms   p95 ms   of context`);
  row('health (no tier)', base.health, base.context);
  row('context, hot (one Redis round trip)', base.context, base.context);
  const alone = await askOften(api, 'small');
  row('retrieve, 600 messages, warm', alone, base.context);
  for (let i = 0; i < others; i++) await tell(api, `other-${i}`, 50);
  await quiet();
  const beside = await askOften(api, 'small');
  row(`  the same beside ${others} other users`, beside, base.context);
  say(`  ratio to alone ${(at(beside, 0.5) / at(alone, 0.5)).toFixed(2)}`);

  const begun = performance.now();
  await tell(api, 'large', large);
  say(`(stored ${large} messages in ${((performance.now() - begun) / 1000).toFixed(0)} s)`);
  await ask(api, 'large');
  await indexed(api, 'large', large);
  await quiet();
  row(`retrieve, ${large} messages, warm`, await askOften(api, 'large'), base.context);

  const stored: number[] = [];
  for (let i = 0; i < 50; i++) {
    await posted(api, '/memory/store', { user_id: 'large', session_id: 'now', messages: [{ role: 'user', content: talker.sentence() }] });
    stored.push(await ask(api, 'large'));
  }
  row('  directly after storing one message', stored, base.context);

  const fresh = await restart();
  for (let i = 0; i < 30; i++) await ask(fresh, 'small'); // the process is warm, the users that follow are not
  const cold: number[] = [];
  for (let i = 0; i < COLD_USERS; i++) cold.push(await ask(fresh, `cold-${i}`));
  row('retrieve, 600 messages, cold', cold, base.context);
  row(`retrieve, ${large} messages, cold (once)`, [await ask(fresh, 'large')], base.context);
}

async function main(): Promise<void> {
  await build();
  const tiers = await startTiers();
  const root = appFolder();
  const env = {
    ...(await tiers.settings()),
    MODEL_PROVIDER: 'local',
    REFLECTION_THRESHOLD_TURNS: '1000', // what is measured is search, not what reflections do beside it
    MAX_BUFFER_MESSAGES: '1000',
    MAX_BUFFER_TOKENS: '1000000',
    SUMMARY_TRIGGER_TOKENS: '1000000',
  };
  const start = () => startHost({ root, port: 0, env, quiet: true });
  let app = await start();
  try {
    const quiet = async () => {
      for (let calls = -1; calls !== tiers.cosmos.calls.all.length; ) {
        calls = tiers.cosmos.calls.all.length;
        await new Promise((resolve) => setTimeout(resolve, 1500));
      }
    };
    await measure(
      createApi(app.url),
      async () => {
        await app.stop();
        app = await start();
        return createApi(app.url);
      },
      quiet,
    );
  } finally {
    await app.stop();
    await tiers.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

await main();
