import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readJob } from '../../src/lib/memory/jobs/jobs.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import type { Services } from '../../src/lib/services.ts';
import type { Instances } from '../support/instances.ts';
import { mortal } from '../support/mortal.ts';
import { recall, say, TENANT } from '../support/talk.ts';
import { dialogue, ownerOf, saidIn, startTranscriptWorld, transcribing } from './transcribing.ts';

let world: Instances;
const { service, headOf, handIn, work, recordOf, storedIn, factsOf } = transcribing(() => world);
beforeAll(async () => {
  world = await startTranscriptWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.rung.length = 0;
});

test('a job that is killed at any await boundary is gone on with, and stores every message once', async () => {
  const text = dialogue(60); // several stores, several reflections
  let deaths = 0;
  for (let atCall = 1; ; atCall += 4) {
    const who = world.fresh();
    const { raw_memory_id, job_id } = await handIn(who, text);
    world.rung.length = 0;
    const mode = deaths % 2 === 0 ? 'after' : 'before';
    const { services, died } = mortal(service(), { atCall, mode });
    const outcome = await Promise.race([runJob(services, { tenant: TENANT, job_id }), died]);
    if (outcome !== 'died') break;
    deaths++;
    world.clock.advance({ seconds: 301 }); // the dead worker's lease runs out
    await runJob(world.instance(1), { tenant: TENANT, job_id });
    expect(
      (await storedIn(who)).map((m) => m.content),
      `killed at call ${atCall}`,
    ).toEqual(saidIn(text));
    expect(await recordOf(who, raw_memory_id)).toMatchObject({
      status: 'processed',
      messages: 120,
      processing_attempts: expect.any(Number),
    });
    expect(await headOf(who)).toMatchObject({ status: 'ended', reflected_through: 120 });
    const facts = await factsOf(who);
    expect(facts.map((fact) => fact.support)).toEqual(facts.map(() => 1));
    expect(facts.map((fact) => fact.text).join(' ')).toMatch(/peanuts/);
  }
  expect(deaths).toBeGreaterThan(10);
}, 120_000);

test('a lost doorbell and a request that died after it announced are found by the sweep', async () => {
  const [lost, dying] = [world.fresh(), world.fresh()];
  const { raw_memory_id } = await handIn(lost, 'User: I live in Porto.\nAssistant: Nice.');
  const quiet = { ...service(), log: () => {} };
  const { transcripts, ops } = quiet.warm;
  const noJob = { ...quiet, warm: { ...quiet.warm, ops: { ...ops, createJob: () => Promise.reject(new Error('killed')) } } };
  const second = await handIn(dying, 'User: I live in Faro.', { services: noJob });
  const never = world.fresh();
  const noRecord = {
    ...quiet,
    warm: { ...quiet.warm, transcripts: { ...transcripts, create: () => Promise.reject(new Error('killed')) } },
  };
  await expect(handIn(never, 'User: never acknowledged', { services: noRecord })).rejects.toThrow('killed');
  world.rung.length = 0;

  world.clock.advance({ seconds: 301 });
  await sweep(service());
  await work();
  expect(await recordOf(lost, raw_memory_id)).toMatchObject({ status: 'processed' });
  expect(await recordOf(dying, second.raw_memory_id)).toMatchObject({ status: 'processed' });
  expect(await headOf(never)).toBeUndefined();
  world.clock.advance({ seconds: 7200 });
  await sweep(service());
  expect(
    world.rung.filter(({ queue }) => queue === 'transcripts'),
    'nothing is left to ring for',
  ).toEqual([]);
});

test('3,000 lines are processed in several deliveries, each within its time', async () => {
  const who = world.fresh();
  const text = dialogue(1500);
  const { raw_memory_id, job_id } = await handIn(who, text);
  world.rung.length = 0;
  let calls = 0;
  const slow = () => {
    const { model } = service();
    return {
      ...service(),
      model: {
        ...model,
        reflect: (...args: Parameters<typeof model.reflect>) => {
          calls++;
          world.clock.advance({ seconds: 30 }); // what a real model takes
          return model.reflect(...args);
        },
      },
    };
  };
  let deliveries = 0;
  for (; (await recordOf(who, raw_memory_id)).status === 'queued' && deliveries < 30; deliveries++) {
    await runJob(slow(), { tenant: TENANT, job_id });
    const { attempts } = await readJob(service(), { tenant: TENANT }, { id: job_id, waitMs: 0 });
    expect(attempts, 'getting on is no failed attempt').toBeLessThanOrEqual(1);
  }
  expect(deliveries).toBeGreaterThan(3);
  expect(calls, 'nothing is reflected on twice').toBe(3000 / 60);
  expect((await storedIn(who)).map((m) => m.content)).toEqual(saidIn(text));
  expect(await recordOf(who, raw_memory_id)).toMatchObject({ status: 'processed', lines: 3000, messages: 3000 });
  const context = await recall(service(), who, { at_least_seq: 3000 });
  expect(context.messages.length, 'a context of ordinary size').toBeLessThanOrEqual(30);
  expect(context.cumulative_summary).not.toBe('');
  expect(context.watermark).toMatchObject({ last_seq: 3000, reflected_through: 3000, pending_messages: 0 });
}, 120_000);

test('nobody else is asked to reflect on it or to summarise it, and ending it again is the same job', async () => {
  const who = world.fresh();
  const { job_id } = await handIn(who, dialogue(40));
  await work();
  expect(world.rung.filter(({ queue }) => queue !== 'invalidate')).toEqual([]);
  const ended = await endSession(service(), ownerOf(who), { ...who, wait_ms: 0 });
  expect(ended.job_id).toBe(job_id);
  await work();
  expect(await storedIn(who)).toHaveLength(80);
});

test('a session that has turns of its own keeps them: the transcript is evidence only', async () => {
  const who = world.fresh();
  await say(service(), who, 'I have a boat.');
  const { raw_memory_id } = await handIn(who, dialogue(3));
  await work();
  expect((await storedIn(who)).map((m) => m.content)).toEqual(['I have a boat.', 'You said: I have a boat.']);
  expect(await recordOf(who, raw_memory_id)).toMatchObject({ status: 'processed', messages: 0 });
  expect(await headOf(who)).toMatchObject({ status: 'open' });
});

test('of two transcripts for one session the first fills it, even when both are processed at once', async () => {
  const who = world.fresh();
  const both = [await handIn(who, dialogue(80)), await handIn(who, 'User: something else\nAssistant: indeed')];
  await Promise.all(both.map(({ job_id }, i) => runJob(world.instance(i), { tenant: TENANT, job_id })));
  const counts = await Promise.all(both.map(async ({ raw_memory_id }) => (await recordOf(who, raw_memory_id)).messages));
  expect(counts.filter((n) => n === 0)).toHaveLength(1);
  expect(await storedIn(who)).toHaveLength(Math.max(...counts.map(Number)));
});

test('a session that was opened and has no turns is filled; one that starts over meanwhile is left alone', async () => {
  const who = world.fresh();
  await startSession(service(), ownerOf(who), { ...who, restore: true });
  await handIn(who, 'User: I live in Evora.');
  await work();
  expect(await storedIn(who)).toHaveLength(1);

  const other = world.fresh();
  const { raw_memory_id, job_id } = await handIn(other, dialogue(100));
  const { sessions } = service().warm;
  let appends = 0;
  const racing: Services = {
    ...service(),
    warm: {
      ...service().warm,
      sessions: {
        ...sessions,
        async append(...args) {
          const outcome = await sessions.append(...args);
          if (appends++ === 0) await startSession(world.instance(1), ownerOf(other), { ...other, restore: false });
          return outcome;
        },
      },
    },
  };
  await runJob(racing, { tenant: TENANT, job_id });
  const head = (await headOf(other))!;
  expect(head.last_seq, 'nothing came into the new epoch').toBe(head.epoch_seq);
  expect(await recordOf(other, raw_memory_id)).toMatchObject({ status: 'error', error: expect.stringMatching(/started over/) });
});
