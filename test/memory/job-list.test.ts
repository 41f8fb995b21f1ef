import { afterAll, beforeAll, expect, test } from 'vitest';
import { listJobs } from '../../src/lib/memory/jobs/job-list.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { JobsQuery } from '../../src/lib/requests.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say, TENANT } from '../support/talk.ts';

let world: Instances;
let ids: string[];
const ann = 'ann';
const bob = 'bob';

/** Jobs of two users over five weeks: one of each every third day, oldest first. */
beforeAll(async () => {
  world = await startInstances();
  ids = [];
  for (let visit = 0; visit < 12; visit++) {
    if (visit > 0) world.clock.advance({ days: 3 });
    for (const user_id of [ann, bob]) {
      world.clock.advance({ seconds: 1 });
      const who = { user_id, session_id: `${user_id}-${visit}` };
      await say(world.instance(), who, `I came on visit ${visit}.`);
      const { job_id } = await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
      ids.push(job_id);
    }
  }
});
afterAll(() => world.stop());

type Query = { status?: string; kind?: string; session_id?: string; limit?: string; cursor?: string };
const list = (query: Query = {}, user?: string) => listJobs(world.instance(), { tenant: TENANT, user }, JobsQuery.parse(query));

/** Every page, and how many there were. */
async function all(query: Query = {}, user?: string) {
  const found: string[] = [];
  let pages = 0;
  for (let cursor: string | undefined; ; pages++) {
    const page = await list({ ...query, ...(cursor && { cursor }) }, user);
    expect(page.jobs.length).toBeLessThanOrEqual(Number(query.limit ?? 20));
    found.push(...page.jobs.map((job) => job.job_id));
    if (page.next_cursor === null) return { found, pages: pages + 1 };
    cursor = page.next_cursor;
  }
}
const lastThirtyDays = () => ids.slice(-22).toReversed(); // visits 1 to 11: the last was now, the first of them 30 days ago

test('newest first over days without jobs, in pages of any size, back to 30 days', async () => {
  expect((await all({ limit: '100' })).found).toEqual(lastThirtyDays());
  for (const limit of ['1', '3', '7']) expect((await all({ limit })).found, `pages of ${limit}`).toEqual(lastThirtyDays());
});

test('a bound user sees its own jobs alone', async () => {
  const { jobs } = await list({ limit: '100' }, bob);
  expect(jobs).toHaveLength(11);
  expect(new Set(jobs.map((job) => job.user_id))).toEqual(new Set([bob]));
  expect((await list({ session_id: 'ann-11' }, bob)).jobs).toEqual([]);
});

test('by session, kind and status', async () => {
  const newest = ids.at(-1) ?? '';
  expect((await all({ session_id: 'bob-11' })).found).toEqual([newest]);
  expect((await all({ kind: 'summarize' })).found).toEqual([]);
  await runJob(world.instance(), { tenant: TENANT, job_id: newest });
  expect((await all({ status: 'done' })).found).toEqual([newest]);
  expect((await all({ status: 'queued', kind: 'reflect' })).found).toEqual(lastThirtyDays().slice(1));
});

test('one answer asks Cosmos DB at most forty times, whatever there is to find', async () => {
  const before = world.cosmos.calls.all.length;
  expect((await list({ status: 'poison' })).jobs).toEqual([]);
  const queries = world.cosmos.calls.all.slice(before).filter((call) => call.kind === 'query');
  expect(queries.length).toBeGreaterThan(20);
  expect(queries.length).toBeLessThanOrEqual(40);
});

test('another tenant has none of them', async () => {
  expect((await listJobs(world.instance(), { tenant: 'other' }, JobsQuery.parse({}))).jobs).toEqual([]);
});

test.each([
  ['no base64', '!!!'],
  ['no JSON', Buffer.from('hello').toString('base64url')],
  ['another day', Buffer.from('{"day":"20269999"}').toString('base64url')],
  ['another tenant', Buffer.from('{"day":"x|y","after":""}').toString('base64url')],
  ['a continuation that Cosmos DB never gave', Buffer.from('{"day":"20260217","after":"nonsense"}').toString('base64url')],
])('a forged cursor is refused: %s', async (_what, cursor) => {
  await expect(list({ cursor })).rejects.toMatchObject({ code: 'invalid_query' });
});
