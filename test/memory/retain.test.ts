import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createStorage } from '../../dev/launch/storage.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { listInsights } from '../../src/lib/memory/reflection/insights.ts';
import { goOnRetaining, type Retained, retain } from '../../src/lib/memory/retention/retain.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { archiveBlob, memoryPartition } from '../../src/lib/tiers/keys.ts';
import { allDocuments } from '../functions/stored.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, recalled, say, TENANT } from '../support/talk.ts';

const id = `t${randomUUID().slice(0, 8)}`;
let world: Instances;
beforeAll(async () => {
  const storage = inject('storage');
  await createStorage(storage, { blobPrefix: id, queuePrefix: id });
  const blobs = { BLOB_CONNECTION_STRING: storage, BLOB_CONTAINER: id };
  world = await startInstances({ count: 2, settings: { ARCHIVE_SESSIONS: 'true', ...blobs } });
});
afterAll(() => world.stop());
beforeEach(async () => {
  world.clock.advance({ days: 800 });
  await retain(world.instance());
});

interface Who {
  user_id: string;
  session_id: string;
}
/** A session that said something, ended, and was reflected on. */
async function processed(who: Who, says = 'I live in Berlin and I am a vegetarian.'): Promise<Who> {
  await say(world.instance(), who, says);
  await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  await work();
  return who;
}
async function work(): Promise<void> {
  for (const { queue, payload } of world.rung.splice(0))
    if (queue !== 'invalidate') await runJob(world.instance(1), Doorbell.parse(payload));
}
async function retained(service: Services = world.instance()): Promise<Retained> {
  const counts = await retain(service);
  expect(counts, 'no other instance retains').toBeDefined();
  return counts!;
}
/** All that is stored under the id of a session, but for what was learned and the jobs. */
async function documentsOf({ session_id }: Who): Promise<string[]> {
  const documents = JSON.parse(`[${(await allDocuments(world.cosmos)).trim().split('\n').join(',')}]`) as { id: string }[];
  return documents.map((d) => d.id).filter((name) => name.split('|').includes(session_id) && !name.startsWith('due|'));
}

test('a session is deleted a year after it ended, and not before; what was learned from it stays', async () => {
  const who = await processed(world.fresh());
  const kept = await processed({ ...who, session_id: `${who.session_id}-next` }, 'I have a dog called Rex.');
  const facts = await world.instance().warm.memory.listFacts(ownerIs(who));
  expect(facts.length).toBeGreaterThan(0);
  world.clock.advance({ days: 364 });
  await startSession(world.instance(), ownerIs(kept), { ...kept, restore: true });
  await say(world.instance(), kept, 'I am still here.');
  expect(await retained()).toMatchObject({ sessions: 0, complete: true });

  world.clock.advance({ days: 2 });
  expect(await retained()).toMatchObject({ sessions: 1, messages: 2, complete: true });
  expect(await documentsOf(who)).toEqual([]);
  await expect(recall(world.instance(), who)).rejects.toMatchObject({ code: 'session_not_found' });
  expect(await recalled(world.instance(), kept)).toEqual(['I have a dog called Rex.', 'I am still here.']);
  expect(await world.instance().warm.memory.listFacts(ownerIs(who))).toEqual(facts);
  expect((await listInsights(world.instance(), ownerIs(who), { recentOnly: false })).count).toBeGreaterThan(0);
});

test('a dry run says what would go, and nothing goes', async () => {
  const who = await processed(world.fresh());
  world.clock.advance({ days: 366 });
  const before = await allDocuments(world.cosmos);
  expect(await retain(world.instance(), { dryRun: true })).toMatchObject({ sessions: 1, messages: 2, complete: true });
  expect(await allDocuments(world.cosmos)).toBe(before);
  expect(await recalled(world.instance(), who)).toHaveLength(1);
  expect(await retained()).toMatchObject({ sessions: 1, messages: 2 });
});

test('what was not reflected on stays until it is', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I live in Berlin.');
  await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  world.clock.advance({ days: 366 });
  expect(await retained()).toMatchObject({ sessions: 0, unprocessed: 1 });
  await work();
  expect(await retained()).toMatchObject({ sessions: 1, unprocessed: 0 });
});

test('the archive holds the whole session, every epoch of it, in order', async () => {
  const who = world.fresh();
  for (let n = 1; n <= 20; n++) await say(world.instance(), who, `remark ${n}`);
  await startSession(world.instance(), ownerIs(who), { ...who, restore: false });
  await processed(who, 'remark 21');
  const head = (await world.instance().warm.sessions.readHead(ownerIs(who), who.session_id))!.value;
  world.clock.advance({ days: 366 });
  expect(await retained()).toMatchObject({ sessions: 1, messages: 42 });
  const lines = await archived(archiveBlob(ownerIs(who), who.session_id, { epoch: head.epoch, day: head.ended_at!.slice(0, 10) }));
  expect(lines[0]).toMatchObject({ tenant: TENANT, kind: 'session', ...who });
  const said = lines.flatMap((line) => (line.kind === 'append' ? [line.messages[0].content] : []));
  expect(said).toEqual(Array.from({ length: 21 }, (_, n) => `remark ${n + 1}`));
  expect(lines.some((line) => line.kind === 'summary')).toBe(true);
});

test('when the archive cannot be written the session stays', async () => {
  const who = await processed(world.fresh());
  world.clock.advance({ days: 366 });
  const down = { write: () => Promise.reject(new Error('Blob Storage does not answer')) };
  expect(await retained({ ...world.instance(), log: () => {}, archive: down })).toMatchObject({ sessions: 0, broken: 1 });
  expect(await recalled(world.instance(), who)).toHaveLength(1);
  expect(await retained()).toMatchObject({ sessions: 1 });
});

/** An instance in which somebody uses the session at the first call of one step of its deletion. */
function interrupted(step: 'pageAppends' | 'removeEarlier' | 'removeHead', use: () => Promise<unknown>): Services {
  const service = world.instance();
  const { retention } = service.warm;
  let used = false;
  const before = async () => {
    if (used) return;
    used = true;
    await use();
  };
  const original = retention[step] as (...args: unknown[]) => Promise<unknown>;
  const wrapped = async (...args: unknown[]) => {
    await before();
    return original(...args);
  };
  return { ...service, warm: { ...service.warm, retention: { ...retention, [step]: wrapped } } };
}

test('a session that is used while retention looks at it is not deleted, and keeps everything', async () => {
  const who = await processed(world.fresh(), 'the first thing');
  world.clock.advance({ days: 366 });
  const reopens = interrupted('pageAppends', () => say(world.instance(1), who, 'and one more'));
  expect(await retained(reopens)).toMatchObject({ sessions: 0 });
  expect(await recalled(world.instance(), who)).toEqual(['the first thing', 'and one more']);
});

test.each(['removeEarlier', 'removeHead'] as const)(
  'a session that is used after it expired begins at nothing and loses nothing new (%s)',
  async (step) => {
    const who = await processed(world.fresh(), 'the first thing');
    world.clock.advance({ days: 366 });
    expect(await retained(interrupted(step, () => say(world.instance(1), who, 'I am back')))).toMatchObject({ sessions: 0 });
    expect(await recalled(world.instance(), who)).toEqual(['I am back']);
    await say(world.instance(1), who, 'and go on');
    expect(await retained()).toMatchObject({ sessions: 0 });
    expect(await recalled(world.instance(), who, { at_least_seq: 6 })).toEqual(['I am back', 'and go on']);

    await processed(who, 'and leave');
    world.clock.advance({ days: 366 });
    expect(await retained()).toMatchObject({ sessions: 1 });
    expect(await documentsOf(who)).toEqual([]);
  },
);

test('a session that begins under the name of one that is just gone keeps its directory entry', async () => {
  const who = await processed(world.fresh());
  world.clock.advance({ days: 366 });
  const service = world.instance();
  const { directory } = service.warm;
  const racing: Services = {
    ...service,
    warm: {
      ...service.warm,
      directory: {
        ...directory,
        async remove(entry) {
          await say(world.instance(1), who, 'a new beginning');
          return directory.remove(entry);
        },
      },
    },
  };
  await retained(racing);
  expect(await recalled(world.instance(), who)).toEqual(['a new beginning']);
  expect(await documentsOf(who)).toContain(`${TENANT}|${who.session_id}`);
});

test('killed anywhere, the next run finishes what was begun', async () => {
  const steps = ['archive', 'moveHead', 'removeEarlier', 'removeHead', 'remove'] as const;
  for (const step of steps) {
    const who = await processed(world.fresh());
    world.clock.advance({ days: 366 });
    const service = world.instance();
    const killed = () => Promise.reject(new Error('killed'));
    const { sessions, retention, directory } = service.warm;
    const warm = {
      ...service.warm,
      sessions: { ...sessions, ...(step === 'moveHead' && { moveHead: killed }) },
      retention: { ...retention, ...(step.startsWith('remove') && step !== 'remove' && { [step]: killed }) },
      directory: { ...directory, ...(step === 'remove' && { remove: killed }) },
    };
    const dying = { ...service, log: () => {}, warm, ...(step === 'archive' && { archive: { write: killed } }) };
    expect(await retained(dying), step).toMatchObject({ broken: 1 });
    world.clock.advance({ days: 2 });
    await retained();
    expect(await documentsOf(who), step).toEqual([]);
  }
});

test('a round that runs out of time is gone on with by the sweep, and then rests', async () => {
  const all = await Promise.all(Array.from({ length: 40 }, () => processed(world.fresh())));
  world.clock.advance({ days: 366 });
  const service = world.instance();
  const { sessions } = service.warm;
  const slow: Services = {
    ...service,
    warm: {
      ...service.warm,
      sessions: {
        ...sessions,
        readHead: (...args) => {
          world.clock.advance({ seconds: 1 });
          return sessions.readHead(...args);
        },
      },
    },
  };
  const first = await retained(slow);
  expect(first).toMatchObject({ complete: false });
  let gone = first.sessions;
  for (let more = await goOnRetaining(slow); more; more = await goOnRetaining(slow)) gone += more.sessions;
  expect(gone).toBe(40);
  for (const who of all.slice(0, 3)) expect(await documentsOf(who)).toEqual([]);
});

test('two runs at once delete once', async () => {
  await Promise.all(Array.from({ length: 10 }, () => processed(world.fresh())));
  world.clock.advance({ days: 366 });
  const both = await Promise.all([retain(world.instance(0)), retain(world.instance(1))]);
  expect(both.filter((counts) => counts !== undefined)).toEqual([expect.objectContaining({ sessions: 10, broken: 0 })]);
});

test('every query of retention names its partition, and a long session goes in pages', async () => {
  const who = world.fresh();
  for (let n = 1; n <= 120; n++) await say(world.instance(), who, `remark ${n}`);
  await processed(who, 'the last remark');
  await sweep(world.instance());
  world.clock.advance({ days: 366 });
  world.cosmos.calls.reset();
  expect(await retained()).toMatchObject({ sessions: 1 });
  const queries = world.cosmos.calls.all.filter(({ kind }) => kind === 'query');
  expect(queries.every(({ partition }) => partition !== undefined)).toBe(true);
  const batches = world.cosmos.calls.all.filter(({ kind }) => kind === 'batch');
  expect(batches.every(({ operations = 0 }) => operations <= 100)).toBe(true);
  expect(batches.length).toBeGreaterThanOrEqual(4);
  expect(await documentsOf(who)).toEqual([]);
  const left = JSON.parse(`[${(await allDocuments(world.cosmos)).split('\n').join(',')}]`) as { pk: string; kind: string }[];
  const kinds = new Set(left.filter(({ pk }) => pk === memoryPartition(ownerIs(who))).map(({ kind }) => kind));
  for (const gone of ['session', 'append', 'marker', 'summary']) expect(kinds).not.toContain(gone);
}, 60_000);

/** The documents of an archive. */
async function archived(name: string): Promise<ReturnType<typeof JSON.parse>[]> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const container = BlobServiceClient.fromConnectionString(inject('storage')).getContainerClient(`${id}-arc`);
  const text = gunzipSync(await container.getBlobClient(name).downloadToBuffer()).toString('utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
