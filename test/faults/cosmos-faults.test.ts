import { describe, expect, test } from 'vitest';
import type { FaultSpec } from '../../dev/cosmos/faults.ts';
import { say } from '../support/talk.ts';
import { waitFor } from '../support/wait.ts';
import { type Load, type Seen, startLoad } from './load.ts';
import { startWorld, type World } from './world.ts';

const everyThird = () => {
  let count = 0;
  return () => ++count % 3 === 0;
};

/** How Cosmos DB fails; `now and then`, where what is not struck is done as always. */
const FAULTS: [name: string, how: 'always' | 'now and then', fault: FaultSpec][] = [
  ['throttles (429)', 'always', { action: { status: 429, retryAfterMs: 1 } }],
  ['is not available (503)', 'always', { action: { status: 503 } }],
  ['does not answer and does nothing', 'always', { action: { hang: 'before' } }],
  ['does not answer and commits all the same', 'always', { action: { hang: 'after' } }],
  ['commits and resets the connection', 'always', { action: { drop: 'after' } }],
  ['commits and resets every third connection', 'now and then', { match: everyThird(), action: { drop: 'after' } }],
];

describe.concurrent('with reads and writes going on', () => {
  test.for(FAULTS)(
    'Cosmos DB %s: stores wait in Blob, nothing acknowledged is lost or doubled, and it recovers by itself',
    { timeout: 90_000 },
    async ([, how, fault], { onTestFinished }) => {
      const world = await startWorld({ settings: { REDIS_COMMAND_TIMEOUT_MS: '5000' } });
      onTestFinished(() => world.stop());
      const load = startLoad(world);
      await load.rounds(2);

      const going = load.rounds(3);
      await load.questions(10);
      const outage = world.cosmos.faults.add(fault);
      await going;
      load.enter('outage');
      await load.rounds(4);
      await world.deliver(); // too early: what waits goes on waiting
      expectHonest(load, how);
      await expectRefused(world, how);

      load.enter('recovery');
      const underWay = load.rounds(3);
      await load.questions(10);
      outage.remove();
      outage.release();
      await underWay;
      await recovered(world, load);
      await load.checkAll();
      world.redis.flush(); // what Cosmos DB holds, and nothing else
      for (const history of load.histories) history.wiped();
      await load.checkAll();
      expect(load.problems()).toEqual([]);
    },
  );
});

const isAnswered = ({ status }: Seen) => status === 200;

/** Stores are kept for later and say so, reads come from the copies, fields do not care. No answer blames another tier. */
function expectHonest(load: Load, how: (typeof FAULTS)[number][1]): void {
  const [stores, reads, fields] = [load.during('outage', 'store'), load.during('outage', 'read'), load.during('outage', 'field')];
  expect(fields.every((one) => isAnswered(one) && !one.body.degraded)).toBe(true);
  expect(load.seen.flatMap((one) => one.body.degraded ?? []).filter((tier) => tier !== 'cosmos')).toEqual([]);
  if (how === 'now and then') return;
  expect(reads.every(isAnswered)).toBe(true);
  expect(stores.map(({ status, body }) => [status, body.durability, body.degraded])).toEqual(stores.map(() => [200, 'queued', ['cosmos']]));
  expect(reads.filter(({ body }) => body.degraded).length, 'reads of sessions with waiting stores').toBeGreaterThan(0);
}

/** A session that Redis does not know cannot wait: it is refused for now, and nothing is acknowledged. */
async function expectRefused(world: World, how: (typeof FAULTS)[number][1]): Promise<void> {
  if (how === 'now and then') return;
  const stranger = { user_id: 'stranger', session_id: 'strange' };
  const { status, body, retryAfter } = await world.ask(0, (services) => say(services, stranger, 'lost'));
  expect([status, body.code]).toEqual([503, 'tier_unavailable']);
  expect(retryAfter).toMatch(/^[1-9]\d*$/);
}

/** Until what waited has been put into Cosmos DB and a whole round of the load is answered as if nothing had been. */
async function recovered(world: World, load: Load): Promise<void> {
  const round = async () => {
    world.clock.advance({ ms: 1100 });
    await world.deliver();
    const before = load.seen.length;
    await load.rounds(1);
    const last = load.seen.slice(before);
    return world.rung.length === 0 && last.every((one) => isAnswered(one) && !one.body.degraded);
  };
  await waitFor(round, { what: 'a round that nothing is missing from', timeoutMs: 30_000 });
}
