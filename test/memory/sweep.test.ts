import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createStorage } from '../../dev/launch/storage.ts';
import type { Model } from '../../src/lib/llm/port.ts';
import { readJob, redriveJob } from '../../src/lib/memory/jobs/jobs.ts';
import { recordPoison, runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { directoryPartitions } from '../../src/lib/tiers/keys.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, say, TENANT } from '../support/talk.ts';

const HOUR = 3600;
const id = `t${randomUUID().slice(0, 8)}`;
let world: Instances;
beforeAll(async () => {
  const storage = inject('storage');
  await createStorage(storage, { blobPrefix: id, queuePrefix: id });
  world = await startInstances({ count: 3, settings: { BLOB_CONNECTION_STRING: storage, BLOB_CONTAINER: id } });
});
afterAll(() => world.stop());
// Every test begins with nothing due: the sweep looks at everything there is.
beforeEach(async () => {
  world.clock.advance({ days: 2 });
  for (let n = 0; n < 3; n++) {
    await sweep(world.instance());
    await work();
    world.clock.advance({ days: 2 });
  }
  world.rung.length = 0;
});

/** Answers the doorbells that were rung so far. */
async function work(service: Services = world.instance(1)): Promise<number> {
  const bells = world.rung.splice(0).filter(({ queue }) => queue !== 'invalidate');
  for (const { payload } of bells) await runJob(service, Doorbell.parse(payload));
  return bells.length;
}
const swept = async (service = world.instance()) => {
  const counts = await sweep(service);
  expect(counts, 'no other instance sweeps').toBeDefined();
  return counts!;
};
const headOf = async (who: { user_id: string; session_id: string }) =>
  (await world.instance().warm.sessions.readHead(ownerIs(who), who.session_id))!.value;
const jobOf = (id: string) => readJob(world.instance(), { tenant: TENANT }, { id, waitMs: 0 });
/** What the sweep would look at some time, for a session or for all. */
async function entries(session_id?: string): Promise<string[]> {
  const found = await Promise.all(
    directoryPartitions.map((pk) => world.instance().warm.directory.listDue(pk, { until: '9999', limit: 100 })),
  );
  return found.flat().flatMap(({ value }) => (session_id === undefined || value.session_id === session_id ? value.due : []));
}

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

test('new work announced under an entry that the sweep is removing stays announced', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I live in Berlin.');
  await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  await work();
  world.clock.advance({ seconds: 301 });
  const service = world.instance();
  const { directory } = service.warm;
  let removals = 0;
  const racing: Services = {
    ...service,
    warm: {
      ...service.warm,
      directory: {
        ...directory,
        async remove(entry) {
          if (removals++ === 0)
            await world.instance(1).warm.sessions.noteDue({ ...entry.value, check_at: new Date(0).toISOString() } as never);
          return directory.remove(entry);
        },
      },
    },
  };
  await swept(racing);
  expect(removals).toBe(1);
  expect(await entries(who.session_id)).toContain('reflect');
});

test('two sweeps at once do the work once, and a sweep that died is followed when its lease runs out', async () => {
  const many = Array.from({ length: 20 }, () => world.fresh());
  for (const who of many) await say(world.instance(), who, 'hello');
  world.clock.advance({ seconds: 2 * HOUR });
  const both = await Promise.all([sweep(world.instance(0)), sweep(world.instance(1))]);
  expect(both.filter((counts) => counts === undefined)).toHaveLength(1);
  expect(both.find((counts) => counts !== undefined)).toMatchObject({ ended: 20 });
  expect(world.rung).toHaveLength(20);

  const service = world.instance(2);
  const stuck: Services = { ...service, hot: { ...service.hot, tenants: () => new Promise<never>(() => {}) } };
  world.clock.advance({ seconds: HOUR });
  void sweep(stuck);
  await expect.poll(async () => (await service.warm.ops.readLease('sweep'))!.value.until).toBeGreaterThan(world.clock.now());
  expect(await sweep(world.instance())).toBeUndefined();
  world.clock.advance({ seconds: 121 });
  expect(await sweep(world.instance())).toMatchObject({ removed: 0, rung: 20 });
});

test('a sweep that stood still while another one took over stops, and everything is done once', async () => {
  const many = Array.from({ length: 30 }, () => world.fresh());
  for (const who of many) await say(world.instance(), who, 'hello');
  world.clock.advance({ seconds: 2 * HOUR });
  const service = world.instance(2);
  const { directory } = service.warm;
  let pages = 0;
  let other: Awaited<ReturnType<typeof sweep>>;
  const standing: Services = {
    ...service,
    log: () => {},
    warm: {
      ...service.warm,
      directory: {
        ...directory,
        async listDue(...args) {
          const found = await directory.listDue(...args);
          if (++pages === 10) {
            world.clock.advance({ seconds: 121 });
            other = await sweep(world.instance(1));
          }
          return found;
        },
      },
    },
  };
  expect(await sweep(standing)).toBeUndefined();
  expect(other).toBeDefined();
  expect(pages).toBe(10);
  expect(world.rung).toHaveLength(30);
});

test('a sweep that runs out of time goes on where it stopped', async () => {
  const many = Array.from({ length: 40 }, () => world.fresh());
  for (const who of many) await say(world.instance(), who, 'hello');
  world.clock.advance({ seconds: 2 * HOUR });
  const service = world.instance();
  const slow: Services = {
    ...service,
    warm: {
      ...service.warm,
      directory: {
        ...service.warm.directory,
        listDue: (...args) => {
          world.clock.advance({ seconds: 2 });
          return service.warm.directory.listDue(...args);
        },
      },
    },
  };
  const first = await swept(slow);
  expect(first.ended).toBeLessThan(40);
  const cursor = (await service.warm.ops.readLease('sweep'))!.value.cursor!;
  expect(cursor.shard).toBeGreaterThan(20);
  const second = await swept(slow);
  const third = await swept(slow);
  expect(first.ended + second.ended + third.ended).toBe(40);
});

test('an entry that cannot be dealt with does not keep the others waiting', async () => {
  const [broken, fine] = [world.fresh(), world.fresh()];
  for (const who of [broken, fine]) await say(world.instance(), who, 'hello');
  world.clock.advance({ seconds: 2 * HOUR });
  const service = world.instance();
  const { sessions } = service.warm;
  const bad: Services = {
    ...service,
    log: () => {},
    warm: {
      ...service.warm,
      sessions: {
        ...sessions,
        readHead: (owner, session) =>
          session === broken.session_id ? Promise.reject(new TypeError('no such thing')) : sessions.readHead(owner, session),
      },
    },
  };
  expect(await swept(bad)).toMatchObject({ ended: 1, broken: 1 });
  expect(await swept(bad), 'not looked at again at once').toMatchObject({ broken: 0 });
  world.clock.advance({ seconds: 600 });
  expect(await swept()).toMatchObject({ ended: 1 });
});

test('a sweep with nothing to do costs one query a partition and a few writes, and leaves a sign of life', async () => {
  world.cosmos.calls.reset();
  expect(await swept()).toMatchObject({ ended: 0, rung: 0, removed: 0, moved: 0, broken: 0, evicted: 0, waiting: 0 });
  const { calls } = world.cosmos;
  expect(calls.count('query')).toBe(64);
  expect(calls.all.filter(({ kind }) => kind === 'query').every(({ partition }) => partition !== undefined)).toBe(true);
  expect(calls.all.filter(({ kind }) => !['query', 'queryplan', 'meta'].includes(kind)).length).toBeLessThanOrEqual(6);
  const heartbeat = await world.instance().warm.ops.readHeartbeat();
  expect(heartbeat).toMatchObject({
    at: new Date(world.clock.now()).toISOString(),
    instance: world.instance().instanceId,
    last_sweep: { ended: 0 },
  });
});

test('a sweep costs what is due, not what there is', async () => {
  const many = Array.from({ length: 30 }, () => world.fresh());
  for (const who of many) await say(world.instance(), who, 'hello');
  await swept();
  world.cosmos.calls.reset();
  await swept();
  expect(world.cosmos.calls.all.filter(({ kind }) => kind !== 'queryplan').length).toBeLessThanOrEqual(70);
});
