import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { type Stack, startStack } from '../support/stack.ts';

let fake: FakeOpenAI;
let stack: Stack;
beforeAll(async () => {
  fake = await startFakeOpenAI();
  stack = await startStack({
    settings: {
      MODEL_PROVIDER: 'compatible',
      OPENAI_BASE_URL: fake.url,
      MODEL_TIMEOUT_MS: '120000',
      MODEL_MAX_RETRIES: '0',
      REFLECTION_THRESHOLD_TURNS: '5',
      L_TURN_CHUNKS: '2',
      K_TURN_BUFFER: '2',
    },
  });
});
afterAll(async () => {
  await Promise.all([fake.close(), stack.stop()]); // its jobs fail when the model goes away, and the app can stop
});

test('no request waits for a model or asks one: with a model that never answers, all of them are answered, and only jobs have asked', async () => {
  fake.byDefault(() => ({ kind: 'slow' }));
  const api = stack.api();
  const who = { user_id: 'ann', session_id: 'monday' };
  const turn = (n: number) => ({ user_message: `Turn ${n}: I live in Berlin.`, agent_message: 'Noted.' });
  for (let n = 1; n <= 4; n++) await api.post('/memory/store', { ...who, ...turn(n) });
  await api.post('/memory/store', { ...who, ...turn(5) }); // due for a summary and a reflection
  await fake.received(2); // from here on both jobs hang

  for (let n = 6; n <= 10; n++) {
    expect((await api.post('/memory/store', { ...who, ...turn(n) })).body).toMatchObject({ status: 'success', seq: 2 * n });
    const context = (await api.post('/memory/context', { ...who, query: 'Where does she live?', at_least_seq: 2 * n })).body;
    expect(context.active_context.at(-1).user_message).toBe(turn(n).user_message);
    expect(context.active_context, 'what no summary covers is there').toHaveLength(n);
    expect(context.watermark).toMatchObject({ summarized_through: 0, reflected_through: 0 });
  }
  expect((await api.post('/sessions/start', { ...who, session_id: 'tuesday' })).status).toBe(200);
  expect((await api.post('/memory/retrieve', { user_id: 'ann', query: 'Berlin' })).body.count).toBeGreaterThan(0);
  expect((await api.post('/insights', { user_id: 'ann' })).status).toBe(200);
  expect((await api.post('/sessions/end', who)).body).toMatchObject({ status: 'success', summary_generated: false });

  const { jobs } = (await api.get('/jobs')).body;
  expect(jobs.map((job: { kind: string }) => job.kind).toSorted()).toEqual(['reflect', 'summarize']);
  expect(jobs.map((job: { status: string }) => job.status)).toEqual(['running', 'running']);
  expect(
    fake.requests.map(({ path }) => path),
    'one question of each job, none of a request',
  ).toEqual(['/v1/chat/completions', '/v1/chat/completions']);
});

test('when the model is back, the work that failed is done without anybody asking for it', async () => {
  const model = await startFakeOpenAI();
  const settings = { MODEL_PROVIDER: 'compatible', OPENAI_BASE_URL: model.url, MODEL_MAX_RETRIES: '0' };
  const other = await startStack({ settings });
  try {
    model.script({ kind: 'error', status: 503 });
    const who = { user_id: 'ann', session_id: 'monday' };
    await other.api().post('/memory/store', { ...who, user_message: 'I live in Berlin.', agent_message: 'Noted.' });
    const { job_id } = (await other.api().post('/sessions/end', who)).body;
    const job = async () => (await other.api().get(`/jobs/${job_id}`)).body;
    await expect.poll(job, { timeout: 20_000 }).toMatchObject({ status: 'queued', attempts: 1, error: expect.stringContaining('503') });
    await expect.poll(job, { timeout: 40_000 }).toMatchObject({ status: 'done', attempts: 2 });
  } finally {
    await Promise.all([model.close(), other.stop()]);
  }
}, 90_000);
