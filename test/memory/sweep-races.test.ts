import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import type { Services } from '../../src/lib/services.ts';
import type { Instances } from '../support/instances.ts';
import { ownerIs, say } from '../support/talk.ts';
import { startSweepWorld, sweeping } from './sweeping.ts';

const HOUR = 3600;
let world: Instances;
const { work, settle, swept, entries } = sweeping(() => world);
beforeAll(async () => {
  world = await startSweepWorld();
});
afterAll(() => world.stop());
beforeEach(() => settle());

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
