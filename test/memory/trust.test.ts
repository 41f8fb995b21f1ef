import { afterAll, beforeAll, expect, test } from 'vitest';
import { endStaleCopies } from '../../src/lib/memory/sessions/changing.ts';
import type { Services } from '../../src/lib/services.ts';
import { traced } from '../../src/lib/telemetry.ts';
import { sessionBuffer, sessionHead } from '../../src/lib/tiers/keys.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { recalled, say, TENANT } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 3 });
});
afterAll(() => world.stop());

/** An instance whose next call of one step of the hot copy's protocol comes late: after `release`. */
function slowAt(services: Services, step: 'commit' | 'install') {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let calls = 0;
  const late = async (...args: never[]) => {
    if (calls++ === 0) {
      reached.resolve();
      await released.promise;
    }
    return (services.hot[step] as (...args: never[]) => unknown)(...args);
  };
  return { services: { ...services, hot: { ...services.hot, [step]: late } }, reached: reached.promise, release: released.resolve };
}

test('a rebuild that races a commit does not install what it read before it', async () => {
  const who = world.fresh();
  const writer = world.instance(0);
  const slow = slowAt(world.instance(1), 'install');
  const reader = slow.services;
  await say(writer, who, 'first');
  await world.redis.flush();
  const early = recalled(reader, who);
  await slow.reached;
  await say(writer, who, 'second');
  slow.release();
  expect(await early).toEqual(['first']);
  expect(await recalled(reader, who)).toEqual(['first', 'second']);
});

test('a rebuild that saw a writer under way does not replace the copy that this writer moved along meanwhile', async () => {
  const who = world.fresh();
  const [one, reader] = [world.instance(0), slowAt(world.instance(1), 'install')];
  await say(one, who, 'first');
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const append: typeof one.warm.sessions.append = async (change) => {
    reached.resolve();
    await released.promise;
    return one.warm.sessions.append(change);
  };
  const writing = say({ ...one, warm: { ...one.warm, sessions: { ...one.warm.sessions, append } } }, who, 'second');
  await reached.promise;
  const early = recalled(reader.services, who);
  await reader.reached;
  released.resolve();
  await writing;
  reader.release();
  expect(await early).toEqual(['first']);
  expect(await recalled(one, who), 'the rebuilt copy is older').toEqual(['first', 'second']);
});

test('two writers at once leave no copy that lacks either', async () => {
  const who = world.fresh();
  const [one, two, reader] = [world.instance(0), world.instance(1), world.instance(2)];
  await say(one, who, 'first');
  const slow = slowAt(one, 'commit');
  const behind = say(slow.services, who, 'second');
  await slow.reached;
  expect(await recalled(reader, who), 'a writer is under way: Cosmos is asked').toEqual(['first', 'second']);
  await say(two, who, 'third');
  slow.release();
  await behind;
  expect(await recalled(reader, who)).toEqual(['first', 'second', 'third']);
  expect(await recalled(one, who)).toEqual(['first', 'second', 'third']);
});

test('each key of a session evicted alone is noticed', async () => {
  const who = world.fresh();
  const service = world.instance();
  await say(service, who, 'first');
  for (const key of [sessionHead(TENANT, who.session_id), sessionBuffer(TENANT, who.session_id)]) {
    expect(await world.redis.keys()).toContain(key);
    await evict(key);
    expect(await recalled(service, who)).toEqual(['first']);
    expect(await recalled(service, who)).toEqual(['first']);
  }
  await evict(sessionBuffer(TENANT, who.session_id));
  await say(service, who, 'second');
  expect(await recalled(service, who)).toEqual(['first', 'second']);
  await evict(sessionHead(TENANT, who.session_id));
  await say(service, who, 'third');
  expect(await recalled(service, who)).toEqual(['first', 'second', 'third']);
});

test('an older copy restored by a failover is served for at most 60 s, and never below at_least_seq', async () => {
  const who = world.fresh();
  const service = world.instance();
  await say(service, who, 'first');
  const older = await dump(who.session_id);
  const { seq } = await say(service, who, 'second');
  await restore(who.session_id, older);
  expect(await recalled(service, who, { at_least_seq: seq ?? 0 })).toEqual(['first', 'second']);

  await restore(who.session_id, older);
  world.clock.advance({ seconds: 61 });
  expect(await recalled(service, who)).toEqual(['first', 'second']);

  const stale = await dump(who.session_id);
  await say(service, who, 'third');
  await restore(who.session_id, stale);
  await say(service, who, 'fourth');
  expect(await recalled(service, who), 'a store on top of an old copy ends it').toEqual(['first', 'second', 'third', 'fourth']);
});

test('a writer cut off from Redis asks somebody else to end the copy before it answers', async () => {
  const who = world.fresh();
  const [cutOff, reader] = [world.instance(0), world.instance(1)];
  await say(cutOff, who, 'first');
  await recalled(reader, who);
  world.rung.length = 0;
  const off = async () => undefined;
  const client = { hot: { ...cutOff.hot, begin: off, commit: off, invalidate: off, invalidateMemory: off } };
  await say({ ...cutOff, ...client }, who, 'second');
  const bell = world.rung.find(({ queue }) => queue === 'invalidate');
  expect(bell?.payload).toEqual({ tenant: TENANT, ...who });
  await endStaleCopies(reader, { tenant: TENANT, ...who });
  expect(await recalled(reader, who)).toEqual(['first', 'second']);
});

test('a writer that died between Cosmos and Redis leaves its token, and the copy is not believed', async () => {
  const who = world.fresh();
  const [dying, reader] = [world.instance(0), world.instance(1)];
  await say(dying, who, 'first');
  const dead = { ...dying.hot, commit: () => new Promise<never>(() => {}) };
  void say({ ...dying, hot: dead, inLine: (_name, work) => work() }, who, 'second');
  const copies = () => world.cosmos.calls.all.filter((call) => call.kind === 'batch' && call.partition?.includes(who.user_id)).length;
  await expect.poll(copies).toBeGreaterThanOrEqual(2);
  expect(await recalled(reader, who)).toEqual(['first', 'second']);
  world.clock.advance({ seconds: 21 });
  expect(await recalled(reader, who), 'the token is old: the copy may be rebuilt').toEqual(['first', 'second']);
  const again = await traced(async (trace) => ({ said: await recalled(reader, who), trace }));
  expect(again.said).toEqual(['first', 'second']);
  expect(again.trace.session).toBe('hot');
});

/** Removes one key, as an eviction would. */
const evict = (key: string) => world.client.del(key);
type Dump = { head: Record<string, string>; texts: string[] };
const keysOf = (session: string) => [sessionHead(TENANT, session), sessionBuffer(TENANT, session)] as const;

async function dump(session: string): Promise<Dump> {
  const [head, buffer] = keysOf(session);
  return { head: await world.client.hgetall(head), texts: await world.client.lrange(buffer, 0, -1) };
}

async function restore(session: string, older: Dump): Promise<void> {
  const [head, buffer] = keysOf(session);
  await world.client.del(head, buffer);
  await world.client.hset(head, older.head);
  await world.client.rpush(buffer, ...older.texts);
}
