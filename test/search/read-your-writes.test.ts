import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { forgetSession } from '../../src/lib/memory/retention/forget-session.ts';
import { retrieve } from '../../src/lib/memory/search/retrieve.ts';
import { createUserIndexes } from '../../src/lib/memory/search/user-indexes.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { RetrieveRequest } from '../../src/lib/requests.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { mortal } from '../support/mortal.ts';
import { ownerIs, say } from '../support/talk.ts';

/**
 * Random histories of stores and searches through several instances, with the index job delayed, running, killed, or its segments lost,
 * and sessions deleted in between: what was acknowledged is found at once by everybody, what was deleted by nobody, and an instance
 * that has searched before finds what one finds that begins at nothing. A failing run prints its seed and its shrunk history.
 *   FUZZ_RUNS=10000 FUZZ_SEED=1 npx vitest run test/search/read-your-writes.test.ts
 */
const RUNS = Number(process.env.FUZZ_RUNS ?? 20);
const SEED = process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED);
const INSTANCES = 3;

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: INSTANCES, settings: { INDEX_AFTER_MESSAGES: '1' } });
});
afterAll(() => world.stop());

const instance = fc.nat(INSTANCES - 1);
const session = fc.nat(2);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('store' as const), instance, session, messages: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('search' as const), instance, which: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('index' as const), instance, diesAt: fc.option(fc.integer({ min: 1, max: 14 })) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose the index' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), instance, session }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Who = ReturnType<Instances['fresh']>;

interface History {
  sessions: Who[];
  instances: Services[];
  /** Words that one message each has, by the session it was said in; undefined once that was deleted. */
  said: { word: string; session: number; deleted: boolean }[];
}

/** A process of its own: what it has indexed is its own too. */
const begin = (at: number): Services => ({ ...world.instance(at), indexes: createUserIndexes(50_000_000) });

function search(services: Services, who: Who, query: string) {
  const request = RetrieveRequest.parse({ user_id: who.user_id, query, top_k: 20 });
  return retrieve(services, ownerIs(who), request);
}

async function take(action: Step, history: History): Promise<void> {
  const { sessions, instances, said } = history;
  if (action.do === 'store') await store(action, history);
  if (action.do === 'search') await find(instances[action.instance]!, history, action.which);
  if (action.do === 'index') await index(begin(action.instance), action.diesAt);
  if (action.do === 'restart') instances[action.instance] = begin(action.instance);
  if (action.do === 'lose the index') await loseIndex(sessions[0]!);
  if (action.do === 'delete' && said.some((one) => one.session === action.session)) {
    const who = sessions[action.session]!;
    await forgetSession(instances[action.instance]!, ownerIs(who), { session_id: who.session_id, bound: false }).catch(unknownSession);
    for (const one of said) if (one.session === action.session) one.deleted = true;
  }
}

function unknownSession(error: unknown): void {
  if ((error as { code?: string }).code !== 'session_not_found') throw error;
}

async function store({ instance: at, session: place, messages }: Extract<Step, { do: 'store' }>, history: History): Promise<void> {
  const who = history.sessions[place]!;
  const first = history.said.length;
  const words = Array.from({ length: messages }, (_, i) => `zq${first + i}x`);
  await say(history.instances[at]!, who, {
    messages: words.map((word) => ({ role: 'user', content: `The word is ${word}, remember it.` })),
  });
  history.said.push(...words.map((word) => ({ word, session: place, deleted: false })));
  await find(history.instances[(at + 1) % INSTANCES]!, history, first);
}

/** What was said is found at once, as the best hit, and by an instance that begins at nothing alike; what was deleted is not. */
async function find(services: Services, { said, sessions }: History, which: number): Promise<void> {
  const one = said[which % Math.max(1, said.length)];
  if (!one) return;
  const { results } = await search(services, sessions[one.session]!, one.word);
  const holding = results.filter(({ text }) => text.includes(one.word));
  expect(holding.map(({ text }) => text)).toEqual(one.deleted ? [] : [`The word is ${one.word}, remember it.`]);
  if (!one.deleted) expect(results[0]?.text).toContain(one.word);
}

async function index(services: Services, diesAt: number | null): Promise<void> {
  const bell = world.rung.filter(({ queue }) => queue === 'index').at(-1);
  if (!bell) return;
  const work = (of: Services) => runJob(of, Doorbell.parse(bell.payload));
  if (diesAt === null) return work(services);
  const { services: doomed, died } = mortal(services, { atCall: diesAt, mode: 'after' });
  await Promise.race([work(doomed), died]);
}

async function loseIndex(who: Who): Promise<void> {
  const { search: index, summaries: documents } = world.instance().warm;
  const segments = await index.listSegments(ownerIs(who));
  await documents.remove(
    ownerIs(who),
    segments.map(({ id }) => id),
  );
  expect(await index.listSegments(ownerIs(who))).toEqual([]);
}

test('what was acknowledged is found at once and what was deleted never, whatever became of the index', { timeout: 120_000 }, async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
    const { user_id } = world.fresh();
    const sessions = [0, 1, 2].map(() => ({ ...world.fresh(), user_id }));
    const history: History = { sessions, instances: [0, 1, 2].map(begin), said: [] };
    world.rung.length = 0;
    for (const action of steps) await take(action, history);
    for (const services of [...history.instances, begin(0)])
      for (let which = 0; which < history.said.length; which += 3) await find(services, history, which);
  });
  await fc.assert(property, { numRuns: RUNS, ...(SEED !== undefined && { seed: SEED }) });
});
