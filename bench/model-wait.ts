import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from '../dev/build.ts';
import { startHost } from '../dev/host/start.ts';
import { type Api, createApi } from '../test/support/api.ts';
import { appFolder } from '../test/support/app-folder.ts';
import { startFakeOpenAI } from '../test/support/fake-openai.ts';
import { startTiers } from './tiers.ts';

const ROUNDS = 6;
const WARM_UP = 40;

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '50' } } });
const pairs = Number(values.pairs);
if (!Number.isInteger(pairs) || pairs < 10 || pairs > 1000)
  throw new Error(`--pairs must be a whole number from 10 to 1000, saw ${values.pairs}`);

interface Times {
  store: number[];
  context: number[];
}

/** One store and one context read, one after the other: what an agent does around a model call of its own. */
async function pair(api: Api, session: string, times?: Times): Promise<void> {
  const who = { user_id: `u-${session}`, session_id: session };
  const t0 = performance.now();
  const stored = await api.post('/memory/store', {
    ...who,
    user_message: 'I live in Berlin and like long walks.',
    agent_message: 'Noted.',
  });
  const t1 = performance.now();
  const context = await api.post('/memory/context', who);
  const t2 = performance.now();
  if (stored.status !== 200 || context.status !== 200) throw new Error(`answered ${stored.status} and ${context.status}`);
  times?.store.push(t1 - t0);
  times?.context.push(t2 - t1);
}

const at = (values: number[], share: number): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
const ms = (value: number): string => value.toFixed(1).padStart(7);

/** Two apps on the same tiers, each with queues of its own, so that neither does the other's jobs. */
async function main(): Promise<void> {
  await build();
  const [tiers, fake] = await Promise.all([startTiers(), startFakeOpenAI()]);
  const root = appFolder();
  fake.byDefault(() => ({ kind: 'slow' }));
  const app = async (queuePrefix: string, settings: Record<string, string>) => {
    const env = { ...(await tiers.settings(queuePrefix)), ...settings };
    return startHost({ root, port: 0, env, quiet: true });
  };
  const hangs = { MODEL_PROVIDER: 'compatible', OPENAI_BASE_URL: fake.url, MODEL_TIMEOUT_MS: '200000', MODEL_MAX_RETRIES: '0' };
  const [local, hanging] = await Promise.all([app('local', { MODEL_PROVIDER: 'local' }), app('hanging', hangs)]);
  try {
    await measure({ local: createApi(local.url), hanging: createApi(hanging.url) }, { asked: fake.received, requests: fake.requests });
  } finally {
    await fake.close(); // its jobs fail now, so that the app can stop
    await Promise.all([local.stop(), hanging.stop()]);
    await tiers.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

type Model = { asked: (count: number) => Promise<void>; requests: readonly unknown[] };

async function measure(apis: { local: Api; hanging: Api }, { asked, requests }: Model): Promise<void> {
  for (let n = 0; n < WARM_UP; n++) for (const api of Object.values(apis)) await pair(api, `warm-${api.url.slice(-5)}`);
  await asked(1); // from here on the model is asked, and does not answer
  const times = { local: { store: [], context: [] } as Times, hanging: { store: [], context: [] } as Times };
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? (['local', 'hanging'] as const) : (['hanging', 'local'] as const);
    for (const name of order) for (let n = 0; n < pairs; n++) await pair(apis[name], `${name}-${round}`, times[name]);
  }
  process.stdout.write('                     local model      hanging model    ratio of\n');
  process.stdout.write('                  median   p95 ms    median   p95 ms    medians\n');
  for (const what of ['store', 'context'] as const) {
    const [a, b] = [times.local[what], times.hanging[what]];
    const ratio = at(b, 0.5) / at(a, 0.5);
    const cells = [ms(at(a, 0.5)), ms(at(a, 0.95)), ' ', ms(at(b, 0.5)), ms(at(b, 0.95)), `    ${ratio.toFixed(2)}`];
    process.stdout.write(`${what.padEnd(16)} ${cells.join('  ')}\n`);
  }
  process.stdout.write(`${ROUNDS * pairs} pairs each; ${requests.length} questions hang at the model, all of them from jobs\n`);
}

await main();
