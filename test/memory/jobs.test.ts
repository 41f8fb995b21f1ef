import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalModel } from '../../src/lib/llm/local.ts';
import { type Model, ModelError, type ModelUsage } from '../../src/lib/llm/port.ts';
import { jobView, readJob, redriveJob } from '../../src/lib/memory/jobs/jobs.ts';
import { recordPoison, runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, say, TENANT } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 2 });
});
afterAll(() => world.stop());

const local = createLocalModel({ now: () => 0 });
const spent: ModelUsage = { model: 'm', calls: 1, tokens_in: 100, tokens_out: 20, cost: 0.5, ms: 1 };

/** A session that said something and ended: its job and who it is about. */
async function ended(service = world.instance()) {
  const who = world.fresh();
  await say(service, who, 'I live in Berlin and I am a vegetarian.');
  const { job_id } = await endSession(service, ownerIs(who), { ...who, wait_ms: 0 });
  return { who, job_id, bell: { tenant: TENANT, job_id } };
}
const look = async (id: string) => jobView(await readJob(world.instance(), { tenant: TENANT }, { id, waitMs: 0 }));
const withModel = (reflect: Model['reflect']): Services => ({ ...world.instance(), model: { ...local, reflect } });

test('a job says what it did, and the session knows what was learned', async () => {
  const { who, job_id, bell } = await ended();
  expect(await look(job_id)).toMatchObject({ kind: 'reflect', status: 'queued', attempts: 0, ...who });
  await runJob(world.instance(), bell);
  const job = await look(job_id);
  expect(job).toMatchObject({ status: 'done', attempts: 1, result: { summary_generated: true, reflected_through: 2 } });
  expect(job.finished_at).not.toBeNull();
  const { insights, watermark } = await recall(world.instance(), who);
  expect(insights.map((i) => i.content).join(' ')).toMatch(/Berlin/);
  expect(watermark.pending_messages).toBe(0);
});

test('a model that fails is asked again later with growing delay, and after five attempts the job has failed with its reason', async () => {
  const { job_id, bell } = await ended();
  const down = withModel(async () => {
    throw new ModelError('no answer in 30 s', { reason: 'timeout', usage: spent });
  });
  const delays: number[] = [];
  const ring: Services['ring'] = async (_queue, _payload, options) => {
    delays.push(options?.delaySeconds ?? 0);
    return true;
  };
  const listening: Services = { ...down, ring };
  for (let attempt = 1; attempt <= 4; attempt++) {
    await runJob(listening, bell);
    expect(await look(job_id)).toMatchObject({ status: 'queued', attempts: attempt, error: 'model timeout: no answer in 30 s' });
  }
  await runJob(listening, bell);
  expect(delays).toEqual([10, 20, 40, 80]);
  expect(await look(job_id)).toMatchObject({ status: 'failed', attempts: 5, tokens: 600, cost: 2.5 });

  await redriveJob(world.instance(), { tenant: TENANT }, job_id);
  await runJob(world.instance(), bell);
  expect(await look(job_id)).toMatchObject({ status: 'done', attempts: 1 });
});

test('a doorbell that the host gave up on leaves a poison job with its reason, which can be run again', async () => {
  const { who, job_id, bell } = await ended();
  const quiet = { log: () => {} };
  const broken = withModel(async () => {
    throw new Error('unexpected');
  });
  await expect(runJob(broken, bell)).rejects.toThrow('unexpected');
  await recordPoison({ ...world.instance(), ...quiet }, bell);
  expect(await look(job_id)).toMatchObject({ status: 'poison', error: 'unexpected' });
  await runJob(world.instance(), bell);
  expect(await look(job_id), 'a poison job waits for somebody to run it again').toMatchObject({ status: 'poison' });
  await redriveJob(world.instance(), { tenant: TENANT }, job_id);
  await runJob(world.instance(), bell);
  expect(await look(job_id)).toMatchObject({ status: 'done' });
  expect((await recall(world.instance(), who)).watermark.reflected_through).toBe(2);
});

test('two workers on one job do the work once', async () => {
  const { who, job_id, bell } = await ended();
  let asked = 0;
  const counting = withModel((input) => {
    asked++;
    return local.reflect(input);
  });
  await Promise.all([runJob(counting, bell), runJob(counting, bell), runJob(counting, bell)]);
  await runJob(counting, bell);
  expect(asked).toBe(1);
  expect(await look(job_id)).toMatchObject({ status: 'done', attempts: 1 });
  const facts = await world.instance().warm.memory.listFacts(ownerIs(who));
  expect(new Set(facts.map((f) => f.text)).size).toBe(facts.length);
});

test('a worker that died keeps its lease for a while; then another one takes over', async () => {
  const { job_id, bell } = await ended();
  const dying = withModel(() => new Promise<never>(() => {}));
  void runJob(dying, bell);
  await expect.poll(() => look(job_id)).toMatchObject({ status: 'running' });
  world.rung.length = 0;
  await runJob(world.instance(1), bell);
  expect(await look(job_id)).toMatchObject({ status: 'running', attempts: 1 });
  expect(world.rung, 'the doorbell is not lost').toEqual([{ queue: 'reflect', payload: bell }]);
  world.clock.advance({ seconds: 301 });
  await runJob(world.instance(1), bell);
  expect(await look(job_id)).toMatchObject({ status: 'done', attempts: 2 });
});

test('turns stored while the job runs are reflected on too when the session ends again', async () => {
  const { who, job_id, bell } = await ended();
  const slow = withModel(async (input) => {
    await say(world.instance(1), who, 'I also have a dog called Rex.');
    await endSession(world.instance(1), ownerIs(who), { ...who, wait_ms: 0 });
    return local.reflect(input);
  });
  await runJob({ ...slow, model: { ...slow.model, reflect: once(slow.model.reflect) } }, bell);
  for (const { payload } of world.rung.splice(0)) await runJob(world.instance(), payload as typeof bell);
  expect(await look(job_id)).toMatchObject({ status: 'done' });
  const { watermark } = await recall(world.instance(), who);
  expect(watermark).toMatchObject({ last_seq: 4, reflected_through: 4, pending_messages: 0 });
});

test('what the user said in one session opens the next, with sources back to the messages', async () => {
  const { who, bell } = await ended();
  await runJob(world.instance(), bell);
  const next = { ...who, session_id: `${who.session_id}-next` };
  const opened = await startSession(world.instance(1), ownerIs(next), { ...next, restore: true });
  expect(opened.formatted_context).toMatch(/Berlin/);
  const [fact] = await world.instance().warm.memory.listFacts(ownerIs(who));
  const [record] = await world.instance().warm.memory.listAppends(ownerIs(who), 1);
  expect(fact?.sources).toEqual([{ session_id: who.session_id, message_ids: [record?.messages[0]?.message_id], seqs: [1] }]);
});

/** The scripted answer the first time, the local model's ever after. */
function once(scripted: Model['reflect']): Model['reflect'] {
  let used = false;
  return (input, options) => {
    if (used) return local.reflect(input, options);
    used = true;
    return scripted(input, options);
  };
}
