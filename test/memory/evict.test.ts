import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { readStats } from '../../src/lib/memory/sessions/stats.ts';
import { traced } from '../../src/lib/telemetry.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { recall, say, TENANT } from '../support/talk.ts';
import { waitFor } from '../support/wait.ts';

const MAX_SESSIONS = 10;
let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 2, settings: { MAX_SESSIONS: String(MAX_SESSIONS) } });
});
afterAll(() => world.stop());

const total = async () => (await readStats(world.instance(), TENANT)).total_sessions;
/** Whether the context came from the hot copy. */
const isHot = (who: { user_id: string; session_id: string }) =>
  traced(async (trace) => {
    await recall(world.instance(), who);
    return trace.session === 'hot';
  });

test('the hot tier keeps the sessions that were used last, and the others lose nothing but their copies', async () => {
  const all = Array.from({ length: 25 }, () => world.fresh());
  for (const who of all) {
    await say(world.instance(), who, `I am ${who.user_id}`);
    world.clock.advance({ ms: 10 });
  }
  await waitFor(async () => (await total()) === all.length, { what: 'every session to be noted' });
  expect(await sweep(world.instance(1))).toMatchObject({ evicted: 15 });
  expect(await total()).toBe(MAX_SESSIONS);
  for (const who of all.slice(-MAX_SESSIONS)) expect(await isHot(who)).toBe(true);
  const evicted = all[0]!;
  expect(await isHot(evicted)).toBe(false);
  expect((await recall(world.instance(), evicted)).active_context[0]?.user_message).toBe(`I am ${evicted.user_id}`);
});

test('what has expired anyway leaves the index with the next sweep', async () => {
  world.clock.advance({ seconds: 31 * 60 });
  expect(await sweep(world.instance())).toMatchObject({ evicted: 0 });
  const left = await Promise.all(Array.from({ length: 64 }, (_, n) => world.client.zcard(`{${TENANT}|ix|${String(n).padStart(2, '0')}}`)));
  expect(left.reduce((sum, size) => sum + size, 0)).toBe(0);
});

test('eviction waits for its own interval', async () => {
  const all = Array.from({ length: MAX_SESSIONS + 2 }, () => world.fresh());
  for (const who of all) await say(world.instance(), who, 'hello');
  await waitFor(async () => (await total()) === all.length, { what: 'every session to be noted' });
  expect(await sweep(world.instance())).toMatchObject({ evicted: 0 });
  world.clock.advance({ seconds: 60 });
  expect(await sweep(world.instance())).toMatchObject({ evicted: 2 });
});
