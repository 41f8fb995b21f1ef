import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { type Load, type Seen, startLoad } from './load.ts';
import { becomes, dropsReplies, every, type Failing, hangs, isWork, refuses } from './redis-failing.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld({ settings: { REDIS_COMMAND_TIMEOUT_MS: '250', REDIS_SOCKET_TIMEOUT_MS: '500' } });
});
afterEach(() => world.stop());

const restartsEmpty = ({ redis }: World, load: Load) => {
  const restart = () => {
    redis.restartEmpty();
    for (const history of load.histories) history.wiped();
  };
  restart();
  return restart;
};

/** What the faults leave of Redis: nothing at all, only reads, or now this and now that. */
type Left = 'nothing' | 'reads' | 'something';
const FAULTS: [name: string, left: Left, fail: Failing | typeof restartsEmpty][] = [
  ['refuses connections', 'nothing', refuses],
  ['hangs before it does what it is told', 'nothing', hangs('before')],
  ['hangs after it did what it was told', 'nothing', hangs('after')],
  ['drops every connection in the middle of a reply', 'nothing', dropsReplies(isWork)],
  ['drops every fifth reply', 'something', dropsReplies(every(5))],
  ['restarts empty', 'something', restartsEmpty],
  ['loads its data (LOADING)', 'nothing', becomes('loading')],
  ['is a read-only replica (READONLY)', 'reads', becomes('replica')],
  ['is out of memory (OOM)', 'reads', becomes('full')],
];

test.each(FAULTS)(
  'Redis %s: nothing acknowledged is lost or doubled, nothing stale is served, and it recovers by itself',
  async (_name, left, fail) => {
    const load = startLoad(world);
    await load.rounds(2);

    const going = load.rounds(4);
    await load.questions(10);
    const heal = fail(world, load);
    await going;
    load.enter('outage');
    await load.rounds(4);
    await world.deliver();
    expectHonest(load, left);

    const underWay = load.rounds(3);
    await load.questions(10);
    heal();
    await underWay;
    await recovered(load);
    await waitFor(async () => world.deliver().then(() => world.rung.length === 0), { what: 'the bells to be heard' });
    await load.checkAll();
    world.clock.advance({ seconds: 21 }); // writers whose tokens were left behind count as dead
    await waitFor(() => load.areHot(), { what: 'the copies to be rebuilt' });
    await load.checkAll();
    expect(load.problems()).toEqual([]);
  },
  60_000,
);

/** Stores and reads go on from Cosmos DB and say so; fields say that they cannot. No answer blames another tier. */
function expectHonest(load: Load, left: Left): void {
  const [stores, reads, fields] = [load.during('outage', 'store'), load.during('outage', 'read'), load.during('outage', 'field')];
  expect(stores.every(isAnswered)).toBe(true);
  expect(reads.every(isAnswered)).toBe(true);
  const named = new Set(load.seen.flatMap((one) => one.body.degraded ?? []));
  expect([...named]).toEqual(left === 'something' && named.size === 0 ? [] : ['redis']);
  if (left === 'something') return;
  expect(stores.every(isDegraded), 'stores say degraded').toBe(true);
  const appends = fields.filter(({ body }) => !('fields' in body));
  expect(appends.every(({ status }) => status === 503)).toBe(true);
  if (left === 'nothing') expect(reads.every(isDegraded), 'reads say degraded').toBe(true);
  if (left === 'nothing') expect(fields.every(({ status }) => status === 503)).toBe(true);
}

const isAnswered = ({ status }: Seen) => status === 200;
const isDegraded = ({ body }: Seen) => body.degraded?.join() === 'redis';

/** Until a whole round of the load is answered without a word of degradation, on every instance and of every kind. */
async function recovered(load: Load): Promise<void> {
  const round = async () => {
    world.clock.advance({ ms: 1100 });
    const before = load.seen.length;
    await load.rounds(1);
    const last = load.seen.slice(before);
    return last.every((one) => isAnswered(one) && !one.body.degraded);
  };
  await waitFor(round, { what: 'a round that nothing is missing from', timeoutMs: 20_000 });
}
