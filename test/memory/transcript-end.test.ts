import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ModelError } from '../../src/lib/llm/port.ts';
import { readJob } from '../../src/lib/memory/jobs/jobs.ts';
import { recordPoison, runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { forgetSession } from '../../src/lib/memory/retention/forget-session.ts';
import { cleanTranscripts } from '../../src/lib/memory/transcripts/transcript-cleanup.ts';
import { failTranscript } from '../../src/lib/memory/transcripts/transcripts.ts';
import type { Services } from '../../src/lib/services.ts';
import type { Instances } from '../support/instances.ts';
import { TENANT } from '../support/talk.ts';
import { dialogue, ownerOf, startTranscriptWorld, transcribing } from './transcribing.ts';

let world: Instances;
const { service, headOf, handIn, work, recordOf, factsOf } = transcribing(() => world);
beforeAll(async () => {
  world = await startTranscriptWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.rung.length = 0;
});
type Who = ReturnType<Instances['fresh']>;

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
