import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLevels } from '../../src/lib/memory/hierarchy/hierarchy-levels.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { clearSummaries } from '../../src/lib/memory/sessions/clear.ts';
import { listEndedSummaries } from '../../src/lib/memory/sessions/session-lists.ts';
import { addSummary, listHistory } from '../../src/lib/memory/sessions/session-summaries.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import type { Doorbell } from '../../src/lib/model-work.ts';
import { allDocuments } from '../functions/stored.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 2 });
});
afterAll(() => world.stop());

type Who = ReturnType<Instances['fresh']>;
interface Stored {
  kind: string;
  level: string;
  session_id: string;
  to_seq: number;
  ttl?: number;
}

async function ended(who: Who, text: string): Promise<Doorbell> {
  await say(world.instance(), who, text);
  const { job_id } = await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  world.clock.advance({ seconds: 1 });
  return { tenant: 'default', job_id };
}
const reflected = async (who: Who, text: string) => runJob(world.instance(), await ended(who, text));

/** The session summaries that lie in Cosmos DB, the oldest first: how far each reaches and what time it has left. */
async function summaries({ session_id }: Who): Promise<[to_seq: number, ttl: number | undefined][]> {
  const all = (await allDocuments(world.cosmos)).split('\n').map((line): Stored => JSON.parse(line));
  const ours = all.filter((d) => d.kind === 'summary' && d.level === 'session' && d.session_id === session_id);
  return ours.map(({ to_seq, ttl }): [number, number | undefined] => [to_seq, ttl]).sort(([a], [b]) => a - b);
}
const history = async (who: Who) => {
  const asked = { session_id: who.session_id, limit: 100, epoch: 'all' as const };
  return (await listHistory(world.instance(), ownerIs(who), asked)).summaries;
};

test('the session summary that a longer one replaces lives for an hour more, and no list shows it', async () => {
  const who = world.fresh();
  for (const text of ['I live in Graz.', 'I play the cello.', 'I have a dog.']) await reflected(who, text);
  expect(await summaries(who)).toEqual([
    [2, 3600],
    [4, 3600],
    [6, undefined],
  ]);
  expect((await history(who)).map(({ from_seq, to_seq }) => [from_seq, to_seq])).toEqual([[1, 6]]);
  const shown = await listEndedSummaries(world.instance(1), ownerIs(who), 5);
  expect(shown.summaries).toMatchObject([{ session_id: who.session_id, cumulative_summary: expect.stringContaining('dog') }]);
  const part = { owner: { ...ownerIs(who), user_id: who.user_id }, sessions: undefined };
  const { summaries: level } = await readLevels(world.instance(1), [part], { levels: ['summary'], limit: 50 });
  expect(level).toHaveLength(1);
});

test('a summary by hand is replaced by nothing, and one of an earlier epoch by none of a later one', async () => {
  const who = world.fresh();
  await reflected(who, 'I live in Graz.');
  await addSummary(world.instance(), {
    owner: ownerIs(who),
    session_id: who.session_id,
    request: { summary: 'It is about places.', metadata: undefined },
  });
  await startSession(world.instance(), ownerIs(who), { ...who, restore: false });
  await reflected(who, 'I play the cello.');
  await reflected(who, 'I have a dog.');
  expect(await summaries(who)).toEqual([
    [2, undefined],
    [4, 3600],
    [6, undefined],
  ]);
  expect((await history(who)).map(({ level, to_seq }) => [level, to_seq])).toEqual([
    ['session', 6],
    ['session', 2],
    ['manual', 0],
  ]);
});

test('two workers on the same job, and a clearing in between, end nothing that still counts', async () => {
  const who = world.fresh();
  await reflected(who, 'I live in Graz.');
  const bell = await ended(who, 'I play the cello.');
  await Promise.all([runJob(world.instance(0), bell), runJob(world.instance(1), bell)]);
  expect(await summaries(who)).toEqual([
    [2, 3600],
    [4, undefined],
  ]);
  await clearSummaries(world.instance(), ownerIs(who), who.session_id);
  await reflected(who, 'I have a dog.');
  expect(await summaries(who)).toEqual([[6, undefined]]);
});
