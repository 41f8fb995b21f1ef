import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { forgetSession } from '../../src/lib/memory/retention/forget-session.ts';
import { retrieve } from '../../src/lib/memory/search/retrieve.ts';
import { unpackSegment } from '../../src/lib/memory/search/segment.ts';
import { createUserIndexes } from '../../src/lib/memory/search/user-indexes.ts';
import { storeMessages } from '../../src/lib/memory/sessions/turns.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { RetrieveRequest, StoreRequest } from '../../src/lib/requests.ts';
import type { Services } from '../../src/lib/services.ts';
import { memoryPartition, ownerOf } from '../../src/lib/tiers/keys.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { mortal } from '../support/mortal.ts';
import { ownerIs, say, TENANT } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ settings: { INDEX_AFTER_MESSAGES: '10' } });
});
afterAll(() => world.stop());

type Who = ReturnType<Instances['fresh']>;
const begin = (): Services => ({ ...world.instance(), indexes: createUserIndexes(50_000_000) });
const found = async (services: Services, who: Who, query: string) =>
  (await retrieve(services, ownerIs(who), RetrieveRequest.parse({ user_id: who.user_id, query, kinds: ['turn'] }))).results;
const segmentsOf = (who: Who) => world.instance().warm.search.listSegments(ownerIs(who));

/** Stores as many messages, each with a word of its own and many others. */
async function tell(who: Who, { from = 0, count, words = 5 }: { from?: number; count: number; words?: number }): Promise<void> {
  for (let done = 0; done < count; done += 30) {
    const messages = Array.from({ length: Math.min(30, count - done) }, (_, i) => {
      const n = from + done + i;
      return { role: 'user', content: `zq${n}x ${Array.from({ length: words }, (_, w) => `w${n}y${w}`).join(' ')}` };
    });
    await say(world.instance(), who, { messages });
  }
}

/** Runs the index job that a search asked for. */
async function runIndex(services: Services = begin()): Promise<void> {
  const bell = world.rung.findLast(({ queue }) => queue === 'index');
  if (bell) await runJob(services, Doorbell.parse(bell.payload));
}

async function searchAndIndex(who: Who): Promise<void> {
  await found(begin(), who, 'anything');
  await runIndex();
}

test('a search asks for the index when enough is in no segment, and the job writes it', async () => {
  const who = world.fresh();
  await tell(who, { count: 9 });
  world.rung.length = 0;
  await found(begin(), who, 'zq1x');
  expect(world.rung.filter(({ queue }) => queue === 'index')).toEqual([]);
  await tell(who, { from: 9, count: 3 });
  await searchAndIndex(who);
  expect(await segmentsOf(who)).toMatchObject([{ messages: 12, sessions: [who.session_id] }]);
  expect((await found(begin(), who, 'zq11x'))[0]?.text).toContain('zq11x');
});

test('a later run writes on in the last segment and leaves full ones alone', async () => {
  const who = world.fresh();
  await tell(who, { count: 240, words: 200 }); // some 48,000 pairs of message and term: more than one segment takes
  await searchAndIndex(who);
  const before = await segmentsOf(who);
  expect(before.map(({ messages }) => messages).reduce((a, b) => a + b)).toBe(240);
  expect(before.length).toBe(2);
  await tell(who, { from: 240, count: 10 });
  await searchAndIndex(who);
  const after = await segmentsOf(who);
  expect(after[0]?._etag).toBe(before[0]?._etag);
  expect(after[1]?.messages).toBe((before[1]?.messages ?? 0) + 10);
  for (const n of [0, 120, 239, 249]) expect((await found(begin(), who, `zq${n}x`))[0]?.text).toContain(`zq${n}x`);
});

test('running twice, or dying anywhere, changes nothing that is found', { timeout: 120_000 }, async () => {
  const who = world.fresh();
  await tell(who, { count: 40 });
  await found(begin(), who, 'anything');
  for (let atCall = 1; atCall <= 12; atCall++) {
    const { services, died } = mortal(begin(), { atCall, mode: atCall % 2 ? 'before' : 'after' });
    await Promise.race([runIndex(services), died]);
    world.clock.advance({ seconds: 180 }); // its lease runs out
    expect((await found(begin(), who, 'zq33x'))[0]?.text).toContain('zq33x');
  }
  await runIndex();
  await runIndex();
  const segments = await segmentsOf(who);
  const indexed = segments.flatMap(unpackSegment).map(({ item }) => item.seq);
  expect(indexed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
});

test('the terms of a deleted session leave the segments, and a job that read them before does not bring them back', async () => {
  const who = world.fresh();
  const other = { ...world.fresh(), user_id: who.user_id };
  await tell(who, { count: 20 });
  await tell(other, { from: 100, count: 20 });
  await searchAndIndex(who);
  await tell(who, { from: 20, count: 20 });
  await found(begin(), who, 'anything');

  // The job has read what is waiting and is about to commit it when the session is deleted.
  const slow = begin();
  const commit = slow.warm.search.commitSegment;
  const deleting: Services = {
    ...slow,
    warm: {
      ...slow.warm,
      search: {
        ...slow.warm.search,
        commitSegment: async (...args) => {
          await forgetSession(begin(), ownerIs(who), { session_id: who.session_id, bound: false });
          return commit(...args);
        },
      },
    },
  };
  await runIndex(deleting);
  const left = (await segmentsOf(who)).flatMap(unpackSegment);
  expect(new Set(left.map(({ item }) => item.session_id))).toEqual(new Set([other.session_id]));
  expect((await segmentsOf(who)).map(({ sessions }) => sessions)).toEqual([[other.session_id]]);
  expect((await found(begin(), other, 'zq105x'))[0]?.text).toContain('zq105x');
});

test('segments of another analysis are passed over and written anew', async () => {
  const who = world.fresh();
  await tell(who, { count: 20 });
  await searchAndIndex(who);
  const [segment] = await segmentsOf(who);
  const { user } = await world.instance().warm.sessions.readHeadAndUser(ownerIs(who), who.session_id);
  const { _ts, _etag: etag, ...old } = { ...segment!, analysis: 0, content: 'of another time', pk: memoryPartition(ownerIs(who)) };
  expect(await world.instance().warm.search.commitSegment(ownerIs(who), old, { user: user!.value, etag })).toBe(true);
  expect((await found(begin(), who, 'zq3x'))[0]?.text).toContain('zq3x');
  await runIndex();
  expect((await segmentsOf(who)).map(({ analysis, messages }) => ({ analysis, messages }))).toEqual([{ analysis: 1, messages: 20 }]);
});

test('an anonymous session has an index of its own', async () => {
  const { session_id } = world.fresh();
  const owner = ownerOf(TENANT, null, session_id);
  const messages = Array.from({ length: 20 }, (_, i) => ({ role: 'user', content: `Entry zq${i}x of the log.` }));
  await storeMessages(world.instance(), { owner, request: StoreRequest.parse({ session_id, messages }) });
  const ask = async (query: string) => (await retrieve(begin(), owner, RetrieveRequest.parse({ session_id, query }))).results[0]?.text;
  expect(await ask('zq7x')).toBe('Entry zq7x of the log.');
  await runIndex();
  expect(await world.instance().warm.search.listSegments(owner)).toMatchObject([{ messages: 20 }]);
  expect(await ask('zq7x')).toBe('Entry zq7x of the log.');
});
