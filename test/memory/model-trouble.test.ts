import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { jobView, readJob, redriveJob } from '../../src/lib/memory/jobs/jobs.ts';
import { retryDelaySeconds, runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { type FakeAnswer, type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, say, TENANT } from '../support/talk.ts';

const PRICES = { MODEL_PRICE_INPUT_PER_MILLION: '1000', MODEL_PRICE_OUTPUT_PER_MILLION: '1000' };
const ONE_ANSWER = 0.12; // 100 tokens in and 20 out, as the fake server says

let fake: FakeOpenAI;
let plain: Instances;
let fallingBack: Instances;
beforeAll(async () => {
  fake = await startFakeOpenAI();
  const settings = {
    MODEL_PROVIDER: 'compatible',
    OPENAI_BASE_URL: fake.url,
    OPENAI_MODEL: 'fake-model',
    MODEL_MAX_RETRIES: '0',
    ...PRICES,
  };
  plain = await startInstances({ settings: { ...settings, MODEL_TIMEOUT_MS: '1000' } });
  fallingBack = await startInstances({ settings: { ...settings, MODEL_TIMEOUT_MS: '1000', MODEL_LOCAL_FALLBACK: 'true' } });
});
afterAll(async () => {
  await Promise.all([plain.stop(), fallingBack.stop()]);
  await fake.close();
});

const reflection = {
  summary: 'The user lives in Berlin.',
  topics: ['home'],
  facts: [{ text: 'User lives in Berlin.', kind: 'fact', topics: ['home'], confidence: 0.9, source_seqs: [1] }],
  insights: [],
};
const wellAgain = () =>
  fake.byDefault(({ body }) =>
    body.response_format?.json_schema?.name === 'profile'
      ? { kind: 'ok', json: { statements: ['User lives in Berlin.'] } }
      : { kind: 'ok', json: reflection },
  );
afterEach(wellAgain);
const always = (answer: FakeAnswer) => fake.byDefault(() => answer);

/** An ended session whose reflection is queued, and ways to run it and to look at it. */
async function ended(world: Instances) {
  const who = world.fresh();
  await say(world.instance(), who, 'I live in Berlin.');
  const { job_id } = await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  const delays: number[] = [];
  const ring = async (_queue: string, _payload: object, options?: { delaySeconds?: number }) => {
    delays.push(options?.delaySeconds ?? 0);
    return true;
  };
  const services = { ...world.instance(), ring };
  return {
    who,
    job_id,
    delays,
    run: () => runJob(services, { tenant: TENANT, job_id }),
    look: async () => jobView(await readJob(world.instance(), { tenant: TENANT }, { id: job_id, waitMs: 0 })),
    facts: () => world.instance().warm.memory.listFacts(ownerIs(who)),
  };
}

describe('a failure that may pass', () => {
  const silent = 'model timeout: the model did not answer in time';
  const unreachable = 'model unavailable: the model server could not be reached';
  const limited = 'model rate_limited: the model server answered 429';
  const forLong = { 'retry-after': '90' };
  const failures: [string, { failure: FakeAnswer; error: string; delay?: number }][] = [
    ['no answer', { failure: { kind: 'slow' }, error: silent }],
    ['half an answer, then silence', { failure: { kind: 'stalled' }, error: silent }],
    ['a cut connection', { failure: { kind: 'cut' }, error: unreachable }],
    ['a connection cut midway', { failure: { kind: 'cut', midway: true }, error: unreachable }],
    ['500', { failure: { kind: 'error', status: 500 }, error: 'model unavailable: the model server answered 500' }],
    ['429', { failure: { kind: 'error', status: 429 }, error: limited }],
    ['429 for 90 s', { failure: { kind: 'error', status: 429, headers: forLong }, error: limited, delay: 90 }],
  ];

  test.each(failures)('%s: the job says so, comes back later, and catches up', async (_what, { failure, error, delay = 10 }) => {
    const job = await ended(plain);
    always(failure);
    await job.run();
    expect(await job.look()).toMatchObject({ status: 'queued', attempts: 1, error });
    expect(job.delays).toEqual([delay]);
    const { active_context, watermark } = await recall(plain.instance(), job.who);
    expect(active_context, 'what the model has not read is there verbatim').toHaveLength(1);
    expect(watermark.pending_messages).toBe(2);

    wellAgain();
    plain.clock.advance({ seconds: delay });
    await job.run();
    const over = await job.look();
    expect(over).toMatchObject({ status: 'done', attempts: 2, result: { reflected_through: 2 } });
    expect(over).not.toHaveProperty('error');
    expect(over.result).not.toHaveProperty('fallback');
    expect((await job.facts()).map(({ text, model }) => ({ text, model }))).toEqual([
      { text: 'User lives in Berlin.', model: 'fake-model' },
    ]);
  });

  test('the local model takes over at the last attempt, where that is allowed, and everything it writes says so', async () => {
    const job = await ended(fallingBack);
    always({ kind: 'error', status: 503 });
    for (let attempt = 1; attempt <= 4; attempt++) {
      await job.run();
      expect(await job.look()).toMatchObject({ status: 'queued', attempts: attempt, error: expect.stringContaining('503') });
    }
    await job.run();
    expect(await job.look()).toMatchObject({ status: 'done', result: { fallback: { model: 'local', reason: 'unavailable' } } });
    const [fact] = await job.facts();
    expect(fact).toMatchObject({ text: expect.stringContaining('Berlin'), model: 'local' });
  });

  test('without leave to fall back it fails after five attempts, and a redrive does it', async () => {
    const job = await ended(plain);
    always({ kind: 'error', status: 500 });
    for (let attempt = 1; attempt <= 5; attempt++) await job.run();
    expect(await job.look()).toMatchObject({ status: 'failed', attempts: 5 });
    wellAgain();
    await redriveJob(plain.instance(), { tenant: TENANT }, job.job_id);
    await job.run();
    expect(await job.look()).toMatchObject({ status: 'done' });
    expect(await job.facts()).toHaveLength(1);
  });
});

describe('an answer that cannot be used', () => {
  const bad: [FakeAnswer['kind'], FakeAnswer, string][] = [
    ['text', { kind: 'text', text: 'Certainly! The user lives in Berlin.' }, 'malformed'],
    ['refusal', { kind: 'refusal' }, 'refused'],
    ['truncated', { kind: 'truncated' }, 'truncated'],
  ];

  test.each(bad)('%s: the model is asked once more with its mistake shown', async (_kind, answer) => {
    const job = await ended(plain);
    const before = fake.requests.length;
    fake.script(answer);
    await job.run();
    const [first, second] = fake.requests.slice(before);
    expect(first?.body.messages).toHaveLength(2);
    expect(second?.body.messages, 'the question, its answer, what was wrong').toHaveLength(4);
    expect(await job.look()).toMatchObject({ status: 'done', attempts: 1 });
  });

  test.each(bad)('%s twice: recorded as a failed attempt, with what it cost', async (_kind, answer, reason) => {
    const job = await ended(plain);
    fake.script(answer, answer);
    await job.run();
    const failed = await job.look();
    expect(failed).toMatchObject({ status: 'queued', attempts: 1, tokens: 240, error: expect.stringContaining(`model ${reason}: `) });
    expect(failed.cost).toBeCloseTo(2 * ONE_ANSWER);
    await job.run();
    expect(await job.look()).toMatchObject({ status: 'done', attempts: 2 });
  });

  test.each(bad)('%s twice: the local model does it at once where that is allowed', async (_kind, answer, reason) => {
    const job = await ended(fallingBack);
    fake.script(answer, answer);
    await job.run();
    const done = await job.look();
    expect(done).toMatchObject({ status: 'done', attempts: 1, result: { fallback: { model: 'local', reason } } });
    expect(done.cost, 'two useless answers, and the profile').toBeCloseTo(3 * ONE_ANSWER);
    expect((await job.facts()).map((fact) => fact.model)).toEqual(['local']);
  });
});

test('the pause grows, gives way to a longer Retry-After, and has a limit', () => {
  expect([1, 2, 3, 7, 20].map((attempts) => retryDelaySeconds(attempts))).toEqual([10, 20, 40, 600, 600]);
  expect(retryDelaySeconds(1, 90_500)).toBe(91);
  expect(retryDelaySeconds(3, 5000)).toBe(40);
  expect(retryDelaySeconds(1, 86_400_000)).toBe(3600);
});

test('a Retry-After longer than ten seconds is left to the queue, not slept out or passed over in the worker', async () => {
  const settings = { MODEL_PROVIDER: 'compatible', OPENAI_BASE_URL: fake.url, MODEL_MAX_RETRIES: '3' };
  const patient = await startInstances({ settings });
  try {
    const job = await ended(patient);
    const before = fake.requests.length;
    always({ kind: 'error', status: 429, headers: { 'retry-after': '120' } });
    await job.run();
    expect(fake.requests.length - before).toBe(1);
    expect(job.delays).toEqual([120]);
    wellAgain();
    patient.clock.advance({ seconds: 60 });
    await job.run(); // rung by another store, or by the sweep
    expect(fake.requests.length - before, 'the server is left alone until then').toBe(1);
    patient.clock.advance({ seconds: 60 });
    await job.run();
    expect(await job.look()).toMatchObject({ status: 'done', attempts: 2 });
  } finally {
    await patient.stop();
  }
});
