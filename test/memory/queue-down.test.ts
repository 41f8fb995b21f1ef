import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobView, readJob } from '../../src/lib/memory/jobs/jobs.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, say, TENANT } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ settings: { REFLECTION_THRESHOLD_TURNS: '3' } });
});
afterAll(() => world.stop());

test('with the queue down stores and ends succeed, and the sweep finds the work later', async () => {
  const who = world.fresh();
  const unheard: Services = { ...world.instance(), ring: async () => false };
  for (const n of [1, 2, 3]) expect((await say(unheard, who, `I have ${n} cats.`)).durability).toBe('stored');
  await say(unheard, who, 'I live in Berlin.');
  const { job_id } = await endSession(unheard, ownerIs(who), { ...who, wait_ms: 0 });
  expect(world.rung).toEqual([]);
  const look = async () => jobView(await readJob(world.instance(), { tenant: TENANT }, { id: job_id, waitMs: 0 }));
  expect(await look()).toMatchObject({ status: 'queued' });

  world.clock.advance({ seconds: 601 });
  await sweep(world.instance());
  for (const { payload } of world.rung.splice(0)) await runJob(world.instance(), Doorbell.parse(payload));
  expect(await look()).toMatchObject({ status: 'done' });
  expect((await recall(world.instance(), who)).watermark).toMatchObject({ last_seq: 8, reflected_through: 8 });
});
