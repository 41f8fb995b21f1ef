import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { retrieve } from '../../src/lib/memory/search/retrieve.ts';
import { createUserIndexes } from '../../src/lib/memory/search/user-indexes.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { RetrieveRequest } from '../../src/lib/requests.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ settings: { INDEX_AFTER_MESSAGES: '50' } });
});
afterAll(() => world.stop());

type Who = ReturnType<Instances['fresh']>;
const begin = (): Services => ({ ...world.instance(), indexes: createUserIndexes(50_000_000) });

async function tell(who: Who, count: number): Promise<void> {
  for (let n = 0; n < count; n += 50) {
    const messages = Array.from({ length: Math.min(50, count - n) }, (_, i) => ({
      role: 'user',
      content: `Entry zq${n + i}x of the log.`,
    }));
    await say(world.instance(), who, { messages });
  }
}
async function ask(services: Services, who: Who, query: string): Promise<string[]> {
  const request = RetrieveRequest.parse({ user_id: who.user_id, query, kinds: ['turn'], top_k: 1 });
  return (await retrieve(services, ownerIs(who), request)).results.map(({ text }) => text);
}

/** The kinds of Cosmos calls that some work made; plans of queries are made by the SDK beside the query. */
async function callsOf(work: () => Promise<unknown>): Promise<string[]> {
  world.cosmos.calls.reset();
  await work();
  return world.cosmos.calls.all.map(({ kind }) => kind).filter((kind) => kind !== 'queryplan');
}
async function runIndex(): Promise<void> {
  for (const { queue, payload } of world.rung.splice(0)) if (queue === 'index') await runJob(begin(), Doorbell.parse(payload));
}

test('a warm search is one query for what changed and one batch for the hit, however much the user and others have', async () => {
  for (const count of [20, 400]) {
    const who = world.fresh();
    await tell(who, count);
    const services = begin();
    await ask(services, who, 'zq1x');
    await runIndex();
    const warm = () => callsOf(() => ask(services, who, 'zq7x'));
    expect((await warm()).toSorted()).toEqual(['batch', 'query']);
    for (let other = 0; other < 5; other++) await tell(world.fresh(), 50);
    expect((await warm()).toSorted()).toEqual(['batch', 'query']);
  }
});

test('what was stored since is read, and nothing else', async () => {
  const who = world.fresh();
  await tell(who, 400);
  const services = begin();
  await ask(services, who, 'zq1x');
  await runIndex();
  await say(world.instance(), who, { messages: [{ role: 'user', content: 'The anchor is heavy.' }] });
  const calls = await callsOf(async () => expect(await ask(services, who, 'anchor')).toEqual(['The anchor is heavy.']));
  // what changed; the new record; the hits of before; the new hit
  expect(calls.length).toBeLessThanOrEqual(4);
});

test('a process that begins reads segments instead of messages, in as many requests for few as for many', async () => {
  const requests: number[] = [];
  for (const count of [100, 800]) {
    const who = world.fresh();
    await tell(who, count);
    await ask(begin(), who, 'zq1x');
    await runIndex();
    await ask(begin(), who, 'zq1x');
    requests.push((await callsOf(() => ask(begin(), who, 'zq7x'))).length);
  }
  expect(requests[1]).toBe(requests[0]);
  expect(requests[0]).toBeLessThanOrEqual(6);
});

test('storing a message writes nothing into the index', async () => {
  const who = world.fresh();
  await tell(who, 100);
  await ask(begin(), who, 'zq1x');
  await runIndex();
  const tags = async () => (await world.instance().warm.search.listSegments(ownerIs(who))).map(({ _etag }) => _etag);
  const before = await tags();
  await say(world.instance(), who, 'One more.');
  await ask(begin(), who, 'One more');
  await runIndex();
  expect(await tags()).toEqual(before);
});
