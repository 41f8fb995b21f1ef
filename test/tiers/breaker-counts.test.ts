import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs } from '../support/talk.ts';
import { onStandIn } from '../support/test-redis.ts';

const FAILURES = 5;

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ settings: { REDIS_COMMAND_TIMEOUT_MS: '250' } });
});
afterAll(() => world.stop());
beforeEach(() => {
  for (const breaker of Object.values(world.instance().breakers)) breaker.reset();
  world.cosmos.faults.clear();
});

/** Five calls while Cosmos DB, or Redis, does this; then how its breaker stands. */
async function afterFive(tier: 'cosmos' | 'redis', call: () => Promise<unknown>) {
  for (let n = 0; n < FAILURES; n++) await call().catch(() => {});
  return world.instance().breakers[tier].name();
}
const readHead = () => {
  const who = world.fresh();
  return world.instance().warm.sessions.readHead(ownerIs(who), who.session_id);
};

test.each([400, 403, 404, 412, 413, 429])('a %i of Cosmos DB is an answer: the breaker stays closed', async (status) => {
  const fault = world.cosmos.faults.add({ action: { status, retryAfterMs: 1 } });
  expect(await afterFive('cosmos', readHead)).toBe('closed');
  expect(fault.hits, 'every call was answered so').toBeGreaterThanOrEqual(FAILURES);
});

test.each([
  ['503', { status: 503 }],
  ['408', { status: 408 }],
  ['a connection that breaks', { drop: 'before' }],
] as const)('%s counts: after five the breaker is open', { timeout: 60_000 }, async (_what, action) => {
  world.cosmos.faults.add({ action });
  expect(await afterFive('cosmos', readHead)).toBe('open');
  const before = world.cosmos.calls.all.length;
  await expect(readHead()).rejects.toMatchObject({ code: 'tier_unavailable' });
  expect(world.cosmos.calls.all.length, 'nobody is asked').toBe(before);
});

onStandIn('a Redis that does not answer counts, each call after its 250 ms; one that refuses the call as such does not', async () => {
  const { hot } = world.instance();
  const isPing = ({ name }: { name: string }) => name === 'PING';
  expect(await hot.ping(), 'connected').toBeDefined();
  const wrong = world.redis.faults.add({ match: isPing, action: { error: 'WRONGTYPE Operation against a key' } });
  expect(await afterFive('redis', () => hot.ping())).toBe('closed');
  wrong.remove();
  const silent = world.redis.faults.add({ match: isPing, action: { hang: 'before' } });
  expect(await afterFive('redis', () => hot.ping())).toBe('open');
  const started = performance.now();
  expect(await hot.ping()).toBeUndefined();
  expect(performance.now() - started, 'an open breaker waits for nobody').toBeLessThan(200);
  silent.remove();
});
