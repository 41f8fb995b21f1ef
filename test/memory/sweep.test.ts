import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Model } from '../../src/lib/llm/port.ts';
import { redriveJob } from '../../src/lib/memory/jobs/jobs.ts';
import { recordPoison, runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import type { Services } from '../../src/lib/services.ts';
import type { Instances } from '../support/instances.ts';
import { ownerIs, recall, say, TENANT } from '../support/talk.ts';
import { startSweepWorld, sweeping } from './sweeping.ts';

const HOUR = 3600;
let world: Instances;
const { work, settle, swept, headOf, jobOf, entries } = sweeping(() => world);
beforeAll(async () => {
  world = await startSweepWorld();
});
afterAll(() => world.stop());
beforeEach(() => settle());

test('a session that nobody uses for two hours ends by itself, is reflected on, and leaves nothing to look at', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I live in Berlin and I am a vegetarian.');
  world.clock.advance({ seconds: HOUR });
  await say(world.instance(), who, 'I have a dog called Rex.');
  world.clock.advance({ seconds: HOUR + 1 });
  expect(await swept(), 'it was used an hour ago').toMatchObject({ ended: 0, moved: 1 });
  expect(await headOf(who)).toMatchObject({ status: 'open' });

  world.clock.advance({ seconds: HOUR });
  expect(await swept()).toMatchObject({ ended: 1 });
  expect(await work()).toBe(1);
  expect(await headOf(who)).toMatchObject({ status: 'ended', reflected_through: 4 });
  const { insights, watermark } = await recall(world.instance(), who);
  expect(insights.map((i) => i.content).join(' ')).toMatch(/Berlin/);
  expect(watermark.pending_messages).toBe(0);
  world.clock.advance({ seconds: HOUR });
  expect(await swept()).toMatchObject({ removed: 1, rung: 0 });
  expect(await entries()).toEqual([]);
});

test('a session that goes on after it ended, or starts over, ends by itself again', async () => {
  const [goesOn, startsOver] = [world.fresh(), world.fresh()];
  for (const who of [goesOn, startsOver]) {
    await say(world.instance(), who, 'one');
    world.clock.advance({ seconds: 2 * HOUR });
  }
  expect(await swept()).toMatchObject({ ended: 2 });
  await say(world.instance(1), goesOn, 'two');
  await startSession(world.instance(1), ownerIs(startsOver), { ...startsOver, restore: false });
  expect([(await headOf(goesOn)).status, (await headOf(startsOver)).status]).toEqual(['open', 'open']);
  world.clock.advance({ seconds: 2 * HOUR });
  expect(await swept()).toMatchObject({ ended: 2 });
  await work();
  expect(await headOf(goesOn)).toMatchObject({ status: 'ended', reflected_through: 4 });
});

test('a session that is used while the sweep decides about it does not end', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'one');
  world.clock.advance({ seconds: 2 * HOUR });
  const service = world.instance();
  const { sessions } = service.warm;
  let looked = 0;
  const racing: Services = {
    ...service,
    warm: {
      ...service.warm,
      sessions: {
        ...sessions,
        async readHead(...args) {
          const found = await sessions.readHead(...args);
          if (looked++ === 0) await say(world.instance(1), who, 'still here');
          return found;
        },
      },
    },
  };
  expect(await swept(racing)).toMatchObject({ ended: 0, moved: 1 });
  expect(await headOf(who)).toMatchObject({ status: 'open', last_seq: 4 });
});

test('a lost doorbell is rung again, once and then ever less often, until the work is done', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I live in Berlin.');
  const { job_id } = await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  world.rung.length = 0; // the queue lost it
  expect(await swept(), 'not yet: it may still arrive').toMatchObject({ rung: 0 });
  const rings: number[] = [];
  for (let minute = 5; minute <= 60; minute += 5) {
    world.clock.advance({ seconds: 300 });
    if ((await swept()).rung > 0) rings.push(minute);
  }
  expect(rings).toEqual([5, 10, 20, 40]);
  expect(world.rung).toContainEqual({ queue: 'reflect', payload: { tenant: TENANT, job_id } });
  await work();
  expect(await jobOf(job_id)).toMatchObject({ status: 'done', attempts: 1 });
  world.clock.advance({ days: 1 });
  await swept();
  expect(await entries()).toEqual([]);
});

test('work whose request died after it announced it, or after it stored, is found', async () => {
  const service = world.instance();
  const dying: Services = {
    ...service,
    warm: { ...service.warm, ops: { ...service.warm.ops, createJob: () => Promise.reject(new Error('killed')) } },
  };
  const quiet = { ...dying, log: () => {} };
  const [ended, overflowing] = [world.fresh(), world.fresh()];
  await say(quiet, ended, 'I live in Berlin.');
  await endSession(quiet, ownerIs(ended), { ...ended, wait_ms: 0 });
  for (let n = 1; n <= 16; n++) await say(quiet, overflowing, `remark ${n}`);
  expect(world.rung).toEqual([]);

  world.clock.advance({ seconds: 301 });
  expect(await swept()).toMatchObject({ rung: 3 }); // the end; the fifteenth turn; the overflow
  await work();
  expect(await headOf(ended)).toMatchObject({ reflected_through: 2 });
  expect((await headOf(overflowing)).summarized_through).toBeGreaterThan(0);
  expect(await headOf(overflowing)).toMatchObject({ reflected_through: 32 });
});

test('a worker that died is replaced when its lease runs out', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I live in Berlin.');
  const { job_id } = await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  const hangs: Model = { ...world.instance().model, reflect: () => new Promise<never>(() => {}) };
  const died = world.clock.now();
  void runJob({ ...world.instance(2), now: () => died, model: hangs }, { tenant: TENANT, job_id }); // and renews nothing
  await expect.poll(() => jobOf(job_id)).toMatchObject({ status: 'running' });
  world.rung.length = 0;
  world.clock.advance({ seconds: 299 });
  expect(await swept(), 'the lease still runs').toMatchObject({ rung: 0 });
  world.clock.advance({ seconds: 60 });
  expect(await swept()).toMatchObject({ rung: 1 });
  await work();
  expect(await jobOf(job_id)).toMatchObject({ status: 'done', attempts: 2 });
});

test('a failed job waits for somebody to run it again, and is looked at ever less often, not in every sweep', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I live in Berlin.');
  const { job_id } = await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  world.rung.length = 0;
  await recordPoison({ ...world.instance(), log: () => {} }, { tenant: TENANT, job_id });
  let looks = 0;
  for (let minute = 0; minute < 24 * 60; minute += 20) {
    world.clock.advance({ seconds: 1200 });
    const { moved, rung } = await swept();
    looks += moved;
    expect(rung).toBe(0);
  }
  expect(looks, 'twice as long each time').toBeLessThan(12);
  expect(await jobOf(job_id)).toMatchObject({ status: 'poison' });
  expect(await entries(who.session_id)).toEqual(['reflect']);

  await redriveJob(world.instance(), { tenant: TENANT }, job_id);
  await work();
  world.clock.advance({ days: 1 });
  await swept();
  expect(await entries(who.session_id)).toEqual([]);
}, 60_000);
