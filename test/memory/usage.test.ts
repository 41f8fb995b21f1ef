import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { createLedger } from '../../src/lib/memory/usage/ledger.ts';
import { readUsage } from '../../src/lib/memory/usage/usage-report.ts';
import { rollUpUsage } from '../../src/lib/memory/usage/usage-rollup.ts';
import type { UsageDelta } from '../../src/lib/model-usage.ts';
import { UsageQuery } from '../../src/lib/requests.ts';
import type { Services } from '../../src/lib/services.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say, TENANT } from '../support/talk.ts';

const ONE_ANSWER = 0.12; // 100 tokens in and 20 out at 1,000 a million

let fake: FakeOpenAI;
let world: Instances;
beforeAll(async () => {
  fake = await startFakeOpenAI();
  world = await startInstances({
    count: 2,
    settings: {
      MODEL_PROVIDER: 'compatible',
      OPENAI_BASE_URL: fake.url,
      MODEL_MAX_RETRIES: '0',
      MODEL_PRICE_INPUT_PER_MILLION: '1000',
      MODEL_PRICE_OUTPUT_PER_MILLION: '1000',
    },
  });
});
afterAll(async () => {
  await world.stop();
  await fake.close();
});

type Who = { user_id: string; session_id: string };
type Query = { user_id?: string; session_id?: string; from?: string; to?: string };
const usage = (query: Query = {}, user?: string) => readUsage(world.instance(), { tenant: TENANT, user }, UsageQuery.parse(query));

async function talkAndEnd(who: Who) {
  await say(world.instance(), who, 'I live in Berlin.');
  const { job_id } = await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  return { tenant: TENANT, job_id };
}

test('what a job took shows by day and kind, of its tenant, its user and its session, and of nobody else', async () => {
  const who = world.fresh();
  const other = world.fresh();
  const asked = fake.requests.length;
  await runJob(world.instance(), await talkAndEnd(who));
  const calls = fake.requests.length - asked;
  expect(calls).toBeGreaterThan(0);
  const today = new Date(world.clock.now()).toISOString().slice(0, 10);
  const spent = { calls, tokens_in: 100 * calls, tokens_out: 20 * calls, cost: expect.closeTo(ONE_ANSWER * calls) };

  const ofUser = await usage({ user_id: who.user_id });
  expect(ofUser.days).toEqual([{ date: today, kind: 'reflect', ...spent, ru: expect.any(Number) }]);
  expect(ofUser.totals).toMatchObject(spent);
  expect(ofUser).toMatchObject({ from: '2025-12-17', to: '2026-01-15', budget: { soft: null, hard: null, state: 'ok' } });
  expect((await usage({ session_id: who.session_id })).totals).toMatchObject(spent);
  expect((await usage({}, who.user_id)).totals, 'a bound user').toMatchObject(spent);
  expect((await usage()).totals.calls).toBeGreaterThanOrEqual(calls);

  expect((await usage({ user_id: other.user_id })).days).toEqual([]);
  expect((await usage({ session_id: who.session_id }, other.user_id)).days, "another's session").toEqual([]);
  expect((await readUsage(world.instance(), { tenant: 'other' }, {})).days).toEqual([]);
  expect((await usage({ user_id: who.user_id, from: '2026-01-01', to: '2026-01-14' })).days).toEqual([]);
});

/** The same instance, whose commits of a reflection fail so many times after the model has answered. */
function losing(times: number): Services {
  const services = world.instance();
  let left = times;
  const commitReflection: Services['warm']['memory']['commitReflection'] = async (reflected) => {
    if (left-- > 0) throw new Error('the process died here');
    return services.warm.memory.commitReflection(reflected);
  };
  return { ...services, warm: { ...services.warm, memory: { ...services.warm.memory, commitReflection } } };
}

test('a job that is run again is paid for as often as the model was asked, and not once more', async () => {
  const who = world.fresh();
  const bell = await talkAndEnd(who);
  const asked = fake.requests.length;
  const dying = losing(2);
  await expect(runJob(dying, bell)).rejects.toThrow('died');
  await expect(runJob(dying, bell)).rejects.toThrow('died');
  await runJob(dying, bell);
  await runJob(dying, bell); // a doorbell that comes twice
  const answers = fake.requests.length - asked;
  expect(answers).toBeGreaterThanOrEqual(3);
  expect((await usage({ user_id: who.user_id })).totals).toMatchObject({ calls: answers, cost: expect.closeTo(answers * ONE_ANSWER) });
  const job = await world.instance().warm.ops.readJob(TENANT, bell.job_id);
  expect(job?.value).toMatchObject({ status: 'done', calls: answers, cost: expect.closeTo(answers * ONE_ANSWER) });
});

test('what a worker spent that lost its job is in the ledger too, and it commits nothing', async () => {
  const who = world.fresh();
  const bell = await talkAndEnd(who);
  const asked = fake.requests.length;
  const slow: Services = { ...world.instance(0) };
  const { model } = slow;
  const overtaken: Services['model'] = {
    ...model,
    reflect: async (input, options) => {
      const answer = await model.reflect(input, options);
      world.clock.advance({ seconds: 301 }); // its lease runs out while it waits
      await runJob(world.instance(1), bell);
      return answer;
    },
  };
  let commits = 0;
  const counting: Services['warm']['memory']['commitReflection'] = (reflected) => {
    commits++;
    return slow.warm.memory.commitReflection(reflected);
  };
  const memory = { ...slow.warm.memory, commitReflection: counting };
  await runJob({ ...slow, model: overtaken, warm: { ...slow.warm, memory } }, bell);
  expect(commits).toBe(0);
  await world.instance(1).ledger.flush();
  const answers = fake.requests.length - asked;
  expect((await usage({ user_id: who.user_id })).totals.calls).toBe(answers);
  expect((await world.instance().warm.ops.readJob(TENANT, bell.job_id))?.value.status).toBe('done');
});

test('the lease is renewed while a model is slow', async () => {
  const bell = await talkAndEnd(world.fresh());
  const services = world.instance();
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const reflect: Services['model']['reflect'] = async (input, options) => {
    asked.resolve();
    await answered;
    return services.model.reflect(input, options);
  };
  const running = runJob({ ...services, model: { ...services.model, reflect } }, bell);
  await asked.promise;
  const until = async () => (await services.warm.ops.readJob(TENANT, bell.job_id))?.value.lease?.until ?? 0;
  for (let wave = 0; wave < 3; wave++) {
    const before = await until();
    world.clock.advance({ seconds: 150 });
    await expect.poll(until, { timeout: 10_000 }).toBeGreaterThan(before);
    await runJob(world.instance(1), bell);
  }
  answer();
  await running;
  const job = async () => (await services.warm.ops.readJob(TENANT, bell.job_id))?.value;
  expect(await job(), 'nobody else took it; it stops at a checkpoint').toMatchObject({
    status: 'queued',
    lease: null,
    result: { reflected_through: 2 },
  });
  await runJob(services, bell);
  expect(await job()).toMatchObject({ status: 'done', attempts: 1 });
});

test('days that are over are folded: the report stays the same and takes few reads; folding twice changes nothing', async () => {
  const tenant = `t-${world.fresh().user_id}`;
  const { ledger } = world.instance();
  const spend = (user_id: string, cost: number) =>
    ledger.record({ tenant, user_id, session_id: 's', work: 'reflect' }, { calls: 1, tokens_in: 10, cost, ru: 2.5 });
  for (let day = 0; day < 20; day++) {
    await spend('ann', 1);
    await spend('bob', 2);
    world.clock.advance({ days: 1 });
  }
  const report = async (query: Query = {}) => {
    const before = world.cosmos.calls.all.length;
    const { days, totals } = await readUsage(world.instance(), { tenant }, query);
    return { days, totals, reads: world.cosmos.calls.all.length - before };
  };
  const raw = await report();
  expect(raw.totals).toMatchObject({ calls: 40, cost: 60, ru: 100 });
  const rawOfAnn = await report({ user_id: 'ann' });

  let steps = 0;
  const interrupted = await rollUpUsage(world.instance(), tenant, { timeUp: () => ++steps > 50 });
  expect(interrupted.more).toBe(true);
  const [one, two] = await Promise.all([rollUpUsage(world.instance(0), tenant), rollUpUsage(world.instance(1), tenant)]);
  expect([one.more, two.more]).toEqual([false, false]);
  expect((await rollUpUsage(world.instance(), tenant)).folded).toEqual([]);

  const folded = await report();
  expect({ days: folded.days, totals: folded.totals }).toEqual({ days: raw.days, totals: raw.totals });
  const foldedOfAnn = await report({ user_id: 'ann' });
  expect(foldedOfAnn.totals).toEqual(rawOfAnn.totals);
  expect(foldedOfAnn.totals.cost).toBe(20);
  expect(folded.reads).toBeLessThan(raw.reads / 2);
});

test('a range is refused when it is backwards or longer than a year', async () => {
  await expect(usage({ from: '2026-02-01', to: '2026-01-01' })).rejects.toMatchObject({ code: 'invalid_query' });
  await expect(usage({ from: '2000-01-01', to: '2026-01-01' })).rejects.toMatchObject({ code: 'invalid_query' });
});

/** A ledger on a store of its own, which can be told to fail. */
function ledgerAlone() {
  const stored = new Map<string, UsageDelta>();
  const state = { down: false, puts: 0 };
  const put = async (delta: UsageDelta) => {
    state.puts++;
    if (state.down) throw new Error('down');
    stored.set(`${delta.pk}/${delta.id}`, delta);
  };
  const ledger = createLedger({ put, now: world.clock.now, instanceId: 'x', log: () => {} });
  const rows = () => [...stored.values()].flatMap((delta) => delta.rows);
  return { ledger, stored, state, rows, sum: (of: 'ru' | 'cost') => rows().reduce((total, row) => total + row[of], 0) };
}
const request = (user_id: string) => ({ tenant: 't', user_id, session_id: null, work: 'request' });

test('requests of any number of users keep the ledger small, and the sum stays right', async () => {
  const { ledger, stored, rows, sum } = ledgerAlone();
  for (let n = 0; n < 5000; n++) ledger.count(request(`u-${n}`), { ru: 1 });
  await ledger.close();
  expect(sum('ru')).toBe(5000);
  expect(rows().length).toBeLessThanOrEqual(1001);
  expect(stored.size).toBeLessThanOrEqual(20);
});

test('what Cosmos DB did not take is written when it is back, once', async () => {
  const { ledger, state, sum } = ledgerAlone();
  state.down = true;
  await ledger.record(request('ann'), { cost: 1 });
  await ledger.record(request('ann'), { cost: 2 });
  expect(sum('cost')).toBe(0);
  state.down = false;
  world.clock.advance({ seconds: 61 }); // the document of the next minute is another
  await ledger.record(request('ann'), { cost: 4 });
  await ledger.flush();
  await ledger.flush();
  await ledger.close();
  expect(sum('cost')).toBe(7);
});

test('money that comes at the same time shares writes', async () => {
  const { ledger, state, sum } = ledgerAlone();
  await Promise.all(Array.from({ length: 40 }, () => ledger.record(request('ann'), { cost: 1 })));
  expect(sum('cost')).toBe(40);
  expect(state.puts).toBeLessThanOrEqual(3);
  await ledger.close();
});
