import { CosmosClient } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/lib/config.ts';
import { jobView, readJob } from '../../src/lib/memory/jobs/jobs.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { type Budget, budgetState, createBudget } from '../../src/lib/memory/usage/budget.ts';
import { readUsage } from '../../src/lib/memory/usage/usage-report.ts';
import { directoryPartition, dueId } from '../../src/lib/tiers/keys.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { ownerIs, recall, say, TENANT } from '../support/talk.ts';

// One answer of the fake server costs 0.12: a reflection that finds no facts.
const PRICES = { MODEL_PRICE_INPUT_PER_MILLION: '1000', MODEL_PRICE_OUTPUT_PER_MILLION: '1000' };

let fake: FakeOpenAI;
let model: Record<string, string>;
beforeAll(async () => {
  fake = await startFakeOpenAI();
  model = { MODEL_PROVIDER: 'compatible', OPENAI_BASE_URL: fake.url, OPENAI_MODEL: 'fake-model', MODEL_MAX_RETRIES: '0', ...PRICES };
});
afterAll(() => fake.close());

async function withInstances(settings: Record<string, string>, work: (world: Instances) => Promise<void>): Promise<void> {
  const world = await startInstances({ settings: { ...model, ...settings } });
  try {
    await work(world);
  } finally {
    await world.stop();
  }
}

let visits = 0;
/** One more session of a user, ended and run. */
async function visit(world: Instances, user_id: string) {
  const who = { user_id, session_id: `s-${visits++}` };
  await say(world.instance(), who, 'I live in Berlin.');
  const { job_id } = await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  const run = () => runJob(world.instance(), { tenant: TENANT, job_id });
  await run();
  const look = async () => jobView(await readJob(world.instance(), { tenant: TENANT }, { id: job_id, waitMs: 0 }));
  return { who, job_id, run, look };
}

test.each([
  [0, {}, 'ok'],
  [1, { soft: 2, hard: 3 }, 'ok'],
  [2, { soft: 2, hard: 3 }, 'soft'],
  [3, { soft: 2, hard: 3 }, 'hard'],
  [9, { soft: 2 }, 'soft'],
  [0, { hard: 0 }, 'hard'],
])('%d spent against %j is %s', (spent, limits, state) => {
  expect(budgetState(spent, limits)).toBe(state);
});

test("over a user's hard budget the local model does the work and says so; other users have the model, and storing goes on", () =>
  withInstances({ MODEL_BUDGET_USER_HARD: '0.1' }, async (world) => {
    const first = await visit(world, 'ann');
    expect((await first.look()).result).not.toHaveProperty('over_budget');
    const asked = fake.requests.length;
    const second = await visit(world, 'ann');
    expect(fake.requests.length, 'the model is not asked any more').toBe(asked);
    expect(await second.look()).toMatchObject({
      status: 'done',
      cost: 0,
      result: { over_budget: { of: 'user', hard: 0.1, done_by: 'local' } },
    });
    const facts = await world.instance().warm.memory.listFacts(ownerIs(second.who));
    expect(facts.map((fact) => fact.model)).toContain('local');
    expect((await recall(world.instance(), second.who)).active_context).toHaveLength(1);

    await visit(world, 'bob');
    expect(fake.requests.length).toBeGreaterThan(asked);
    const { budget } = await readUsage(world.instance(), { tenant: TENANT }, { user_id: 'ann' });
    expect(budget).toMatchObject({ soft: null, hard: 0.1, state: 'hard' });
  }));

test('another instance knows of it too, from what is written down', () =>
  withInstances({ MODEL_BUDGET_TENANT_HARD: '0.1' }, async (world) => {
    await visit(world, 'ann');
    const elsewhere = await startInstances({
      settings: { ...model, COSMOS_ENDPOINT: world.cosmos.endpoint, MODEL_BUDGET_TENANT_HARD: '0.1' },
    });
    try {
      const budget: Budget = elsewhere.instance().budget;
      expect(await budget.read({ tenant: TENANT, user_id: 'bob' })).toMatchObject({ state: 'hard', of: 'tenant' });
    } finally {
      await elsewhere.stop();
    }
  }));

test('MODEL_OVER_BUDGET=defer puts the work off to the next month, counts no attempt, and then does it', () =>
  withInstances({ MODEL_BUDGET_TENANT_HARD: '0.1', MODEL_OVER_BUDGET: 'defer' }, async (world) => {
    await visit(world, 'ann');
    const asked = fake.requests.length;
    const late = await visit(world, 'ann');
    const error = "over budget: the tenant's hard budget of 0.1 for 2026-01 is spent; deferred to 2026-02-01";
    for (let ring = 0; ring < 7; ring++) await late.run(); // more doorbells than a failing job has attempts
    expect(await late.look()).toMatchObject({ status: 'queued', attempts: 0, error });
    expect(fake.requests.length).toBe(asked);
    const id = dueId('reflect', TENANT, late.job_id);
    const due = { id, pk: directoryPartition(id) };
    expect(await readDue(world, due), 'where the sweep looks').toMatchObject({ check_at: '2026-02-01T00:00:00.000Z' });
    await say(world.instance(), late.who, 'I also have a dog.');
    expect((await recall(world.instance(), late.who)).active_context).toHaveLength(2);

    world.clock.advance({ days: 17 });
    await late.run();
    expect(await late.look()).toMatchObject({ status: 'done', attempts: 1, result: { reflected_through: 4 } });
    expect(fake.requests.length).toBeGreaterThan(asked);
  }));

/** The entry as the sweep finds it, read beside the service. */
async function readDue(world: Instances, { id, pk }: { id: string; pk: string }): Promise<unknown> {
  const connectionPolicy = { enableEndpointDiscovery: false };
  const client = new CosmosClient({ endpoint: world.cosmos.endpoint, key: world.cosmos.key, connectionPolicy });
  try {
    return (await client.database('keepsake').container('directory').item(id, pk).read()).resource;
  } finally {
    client.dispose();
  }
}

describe('the figure that requests see', () => {
  const who = { tenant: 't', user_id: 'ann' };
  const limits = { tenant: {}, user: { soft: 1, hard: 2 }, over: 'local' as const };

  test('is there at once, is read anew beside the request, and starts at nothing in a new month', async () => {
    let at = Date.UTC(2026, 0, 31, 12);
    const reads: (() => void)[] = [];
    const costOfMonth = () => new Promise<number>((resolve) => reads.push(() => resolve(1.5)));
    const budget = createBudget({ limits, now: () => at, costOfMonth });
    expect(budget.seen(who).state, 'nothing is known yet').toBe('ok');
    budget.seen(who);
    expect(reads).toHaveLength(1);
    reads[0]?.();
    await expect.poll(() => budget.seen(who).state).toBe('soft');
    budget.spent(who, 0.5);
    expect(budget.seen(who)).toMatchObject({ state: 'hard', of: 'user' });
    expect(reads, 'no new read while the figure is new').toHaveLength(1);
    at += 300_000;
    budget.seen(who);
    expect(reads).toHaveLength(2);
    at += 86_400_000;
    expect(budget.seen(who).state).toBe('ok');
  });

  test('costs nothing where there is no budget, and does no harm when it cannot be read', async () => {
    let reads = 0;
    const costOfMonth = async () => {
      reads++;
      throw new Error('down');
    };
    createBudget({ limits: { tenant: {}, user: {}, over: 'local' }, now: Date.now, costOfMonth }).seen(who);
    expect(reads).toBe(0);
    expect(createBudget({ limits, now: Date.now, costOfMonth }).seen(who).state).toBe('ok');
    await expect.poll(() => reads).toBe(1);
  });
});

test('a soft budget above the hard one is refused; a budget without prices is pointed out', () => {
  const development = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
  const upsideDown = { ...development, MODEL_BUDGET_USER_SOFT: '5', MODEL_BUDGET_USER_HARD: '4' };
  expect(() => loadConfig(upsideDown)).toThrow(/MODEL_BUDGET_USER_SOFT: must be at most the hard budget/);
  expect(loadConfig({ ...development, MODEL_BUDGET_TENANT_HARD: '5' }).warnings.join()).toMatch(/no price/);
});

describe('over HTTP', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ settings: { ...model, MODEL_BUDGET_USER_SOFT: '0.1', MODEL_BUDGET_USER_HARD: '100' } });
  });
  afterAll(() => stack.stop());

  test('store, context and end say that a budget is used up, and usage says how far', async () => {
    const api = stack.api();
    const who = { user_id: 'ann', session_id: 'monday' };
    const turn = { ...who, user_message: 'I live in Berlin.', agent_message: 'Noted.' };
    expect((await api.post('/memory/store', turn)).body).not.toHaveProperty('budget');
    await api.post('/sessions/end', { ...who, wait_ms: 10_000 });
    const soft = { budget: { state: 'soft', of: 'user' } };
    await expect
      .poll(async () => (await api.post('/memory/store', turn)).body, { timeout: 10_000 })
      .toMatchObject({ status: 'success', ...soft });
    expect((await api.post('/memory/context', who)).body).toMatchObject(soft);
    expect((await api.post('/sessions/end', who)).body).toMatchObject(soft);
    const other = { ...turn, user_id: 'bob', session_id: 'tuesday' };
    expect((await api.post('/memory/store', other)).body).not.toHaveProperty('budget');

    const usage = (await api.get('/usage?user_id=ann')).body;
    expect(usage.budget).toMatchObject({ soft: 0.1, hard: 100, state: 'soft' });
    expect(usage.budget.spent).toBeGreaterThanOrEqual(0.1);
    const kinds = new Map(usage.days.map((day: { kind: string }) => [day.kind, day]));
    expect(kinds.get('reflect')).toMatchObject({ tokens_in: expect.any(Number), ru: expect.any(Number) });
    expect((kinds.get('request') as { ru: number }).ru).toBeGreaterThan(0);

    const { jobs, next_cursor } = (await api.get('/jobs?session_id=monday&limit=1')).body;
    expect(jobs).toMatchObject([{ kind: 'reflect', session_id: 'monday', user_id: 'ann' }]);
    if (next_cursor !== null) expect((await api.get(`/jobs?session_id=monday&cursor=${next_cursor}`)).status).toBe(200);
    expect((await api.get('/jobs?status=lost')).body.code).toBe('invalid_query');
    expect((await api.get('/usage?from=yesterday')).body.code).toBe('invalid_query');
  });
});
