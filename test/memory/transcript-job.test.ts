import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createStorage } from '../../dev/launch/storage.ts';
import { ModelError } from '../../src/lib/llm/port.ts';
import { readJob } from '../../src/lib/memory/jobs/jobs.ts';
import { recordPoison, runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { forgetSession } from '../../src/lib/memory/retention/forget-session.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import { cleanTranscripts } from '../../src/lib/memory/transcripts/transcript-cleanup.ts';
import { storeRaw } from '../../src/lib/memory/transcripts/transcript-store.ts';
import { failTranscript } from '../../src/lib/memory/transcripts/transcripts.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { mortal } from '../support/mortal.ts';
import { recall, say, TENANT } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  const id = `t${randomUUID().slice(0, 8)}`;
  const storage = inject('storage');
  await createStorage(storage, { blobPrefix: id, queuePrefix: id });
  world = await startInstances({ count: 2, settings: { BLOB_CONNECTION_STRING: storage, BLOB_CONTAINER: id } });
});
afterAll(() => world.stop());
beforeEach(() => {
  world.rung.length = 0;
});

type Who = ReturnType<Instances['fresh']>;
const ownerOf = ({ user_id }: Who) => ({ tenant: TENANT, user_id });
const service = () => world.instance();

function handIn(who: Who, session_data: string, { services = service(), namespace = who.user_id } = {}) {
  const request = { session_data, session_id: who.session_id, metadata: { user_id: who.user_id } };
  return storeRaw(services, { owner: ownerOf(who), namespace, request });
}
async function work(services: Services = service()): Promise<void> {
  for (const { queue, payload } of world.rung.splice(0)) if (queue !== 'invalidate') await runJob(services, Doorbell.parse(payload));
}
const recordOf = async (who: Who, id: string) => (await service().warm.transcripts.read(ownerOf(who), id))!.value;
const headOf = async (who: Who) => (await service().warm.sessions.readHead(ownerOf(who), who.session_id))?.value;
async function storedIn(who: Who) {
  const head = (await headOf(who))!;
  return service().warm.sessions.readMessages(ownerOf(who), who.session_id, { epoch: head.epoch, after: 0, through: head.last_seq });
}
const factsOf = (who: Who) => service().warm.memory.listFacts(ownerOf(who));

/** So many exchanges, each line another; the first ones tell something of the user. */
function dialogue(exchanges: number): string {
  const told = ['I live in Lisbon.', 'I am allergic to peanuts.', 'I prefer tea over coffee.'];
  const lines = Array.from({ length: exchanges }, (_, n) => [`User: ${told[n] ?? `What about point ${n}?`}`, `Assistant: Remark ${n}.`]);
  return lines.flat().join('\n');
}
const saidIn = (text: string) => text.split('\n').map((line) => line.replace(/^\w+: /, ''));

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

test('rubbish is refused for good, with the reason in the record', async () => {
  const who = world.fresh();
  const { raw_memory_id, job_id } = await handIn(who, '\u0001\u0002\u0003\u0004'.repeat(100));
  await work();
  expect(await recordOf(who, raw_memory_id)).toMatchObject({ status: 'error', error: expect.stringMatching(/binary/) });
  const job = await readJob(service(), { tenant: TENANT }, { id: job_id, waitMs: 0 });
  expect(job).toMatchObject({ status: 'done', result: { refused: true } });
  expect(await headOf(who)).toBeUndefined();
});

test('a model that fails to the end leaves an error with its reason, and running the job again heals it', async () => {
  const who = world.fresh();
  const { raw_memory_id, job_id } = await handIn(who, dialogue(3));
  const usage = { model: 'broken', calls: 1, tokens_in: 0, tokens_out: 0, cost: 0, ms: 0 };
  const broken = {
    ...service(),
    log: () => {},
    model: { ...service().model, reflect: () => Promise.reject(new ModelError('no answer', { reason: 'timeout', usage })) },
  };
  for (let attempt = 1; attempt <= 5; attempt++) {
    expect((await recordOf(who, raw_memory_id)).status).toBe('queued');
    await runJob(broken, { tenant: TENANT, job_id });
  }
  expect(await recordOf(who, raw_memory_id)).toMatchObject({
    status: 'error',
    error: expect.stringMatching(/no answer/),
    processing_attempts: 5,
  });
  const stored = (await service().warm.ops.readJob(TENANT, job_id))!;
  await service().warm.ops.replaceJob({ ...stored.value, status: 'queued', attempts: 0 }, stored.etag);
  await runJob(service(), { tenant: TENANT, job_id });
  expect(await recordOf(who, raw_memory_id)).toMatchObject({ status: 'processed', error: null, messages: 6 });
});

test('what the queue gave up on says so in its record', async () => {
  const who = world.fresh();
  const { raw_memory_id, job_id } = await handIn(who, dialogue(3));
  const bell = { tenant: TENANT, job_id };
  const quiet = { ...service(), log: () => {} };
  await recordPoison(quiet, bell);
  await failTranscript(quiet, bell);
  expect(await recordOf(who, raw_memory_id)).toMatchObject({
    status: 'error',
    processed_at: null,
    error: expect.stringMatching(/worker stopped/),
  });
});

test('cleanup deletes texts past their time and nothing else; a dry run deletes nothing', async () => {
  const who = world.fresh();
  const owner = ownerOf(who);
  const { raw_memory_id } = await handIn(who, dialogue(3));
  await work();
  const waiting = { ...who, session_id: `${who.session_id}-2` };
  const queued = await handIn(waiting, 'User: still waiting');
  const ask = { olderThanDays: 30, dryRun: false, limit: 10 };
  world.clock.advance({ days: 29 });
  expect(await cleanTranscripts(service(), owner, ask)).toMatchObject({ transcripts: 0 });
  world.clock.advance({ days: 2 });
  expect(await cleanTranscripts(service(), owner, { ...ask, dryRun: true })).toMatchObject({ transcripts: 1, more: false });
  const { blob } = await recordOf(who, raw_memory_id);
  expect(await service().cold!.read(blob)).toContain('peanuts');
  expect(await cleanTranscripts(service(), owner, ask)).toMatchObject({ transcripts: 1, bytes: dialogue(3).length });
  expect(await service().cold!.read(blob)).toBeUndefined();
  expect(await recordOf(who, raw_memory_id)).toMatchObject({ status: 'processed', expired_at: expect.any(String) });
  expect(await factsOf(who)).not.toEqual([]);
  expect(await service().cold!.read((await recordOf(waiting, queued.raw_memory_id)).blob)).toContain('waiting');
  expect(await cleanTranscripts(service(), owner, ask)).toMatchObject({ transcripts: 0 });
});

test('a deleted session takes its transcripts along, and a job that was waiting or running brings nothing back', async () => {
  const [done, waiting, running] = [world.fresh(), world.fresh(), world.fresh()];
  const forget = (who: Who) => forgetSession(world.instance(1), ownerOf(who), { session_id: who.session_id, bound: false });
  const { raw_memory_id } = await handIn(done, dialogue(3));
  await work();
  const { blob } = await recordOf(done, raw_memory_id);
  await forget(done);
  expect(await service().cold!.read(blob)).toBeUndefined();

  await handIn(waiting, dialogue(3));
  await forget(waiting);
  await work();

  const { job_id } = await handIn(running, dialogue(100));
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
          if (appends++ === 0) await forget(running);
          return outcome;
        },
      },
    },
  };
  await runJob(racing, { tenant: TENANT, job_id });
  expect(await readJob(service(), { tenant: TENANT }, { id: job_id, waitMs: 0 })).toMatchObject({ status: 'done' });

  for (const who of [done, waiting, running]) {
    expect(await headOf(who)).toBeUndefined();
    expect(await factsOf(who)).toEqual([]);
    expect(await service().warm.hierarchy.listTranscripts(ownerOf(who), { limit: 10 })).toEqual([]);
    expect(await service().warm.transcripts.listMembers(TENANT, who.user_id, { limit: 10 })).toEqual([]);
  }
});
