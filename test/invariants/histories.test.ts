import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { type Death, mortal } from '../support/mortal.ts';
import { ownerIs, recall, say } from '../support/talk.ts';
import { checkInvariants, isSettled } from './check.ts';
import { recover } from './recover.ts';

/**
 * Random histories of stores, ends, reads and jobs, killed at any await boundary, with doorbells lost and doubled and the clock
 * jumping, against the invariants of docs/architecture.md. A failing run prints its seed and its shrunk history.
 *   FUZZ_RUNS=100000 FUZZ_SEED=1 npx vitest run test/invariants
 */
const RUNS = Number(process.env.FUZZ_RUNS ?? 200);
const SEED = process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED);

let world: Instances;
beforeAll(async () => {
  const small = { K_TURN_BUFFER: '1', L_TURN_CHUNKS: '1', REFLECTION_THRESHOLD_TURNS: '3', MAX_BUFFER_MESSAGES: '6' };
  world = await startInstances({ count: 1, settings: small });
});
afterAll(() => world.stop());

const death: fc.Arbitrary<Death | undefined> = fc.option(
  fc.record({ atCall: fc.integer({ min: 1, max: 40 }), mode: fc.constantFrom('before' as const, 'after' as const) }),
  { nil: undefined, freq: 2 },
);
const session = fc.integer({ min: 0, max: 1 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      session,
      text: fc.integer({ min: 0, max: 5 }),
      retried: fc.boolean(),
      death,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), session, death }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const), session, death }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), which: fc.nat(20), kept: fc.boolean(), death }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump' as const), seconds: fc.integer({ min: 1, max: 900 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Who = ReturnType<Instances['fresh']>;

const TEXTS = [
  'I live in Berlin.',
  'I moved to Lisbon.',
  'I prefer window seats.',
  'I am vegetarian.',
  'What is the weather like?',
  'Thanks!',
];

/** Runs something on an instance of its own, which may die on the way; undefined when it did. */
async function onInstance<T>(at: Death | undefined, work: (services: Services) => Promise<T>): Promise<T | undefined> {
  if (!at) return work(world.instance());
  const { services, died } = mortal(world.instance(), at);
  const outcome = await Promise.race([work(services), died]);
  return outcome === 'died' ? undefined : (outcome as T);
}

/** What the callers of one history know: which stores were acknowledged, and which were only tried. */
interface Known {
  acknowledged: Map<string, string>;
  tried: Map<string, string>;
}

async function take(action: Step, sessions: Who[], known: Known): Promise<void> {
  if (action.do === 'jump') world.clock.advance({ seconds: action.seconds });
  if (action.do === 'lose') world.rung.splice(action.which % Math.max(1, world.rung.length), 1);
  if (action.do === 'deliver') await deliver(action);
  if (action.do === 'end')
    await onInstance(action.death, (s) =>
      endSession(s, ownerIs(sessions[action.session]!), { ...sessions[action.session]!, wait_ms: 0 }),
    ).catch(expected);
  if (action.do === 'read') await onInstance(action.death, (s) => recall(s, sessions[action.session]!)).catch(expected);
  if (action.do === 'store') await store(action, sessions[action.session]!, known);
}

async function store(action: Extract<Step, { do: 'store' }>, who: Who, known: Known): Promise<void> {
  const turn_id = `turn-${known.tried.size}`;
  const exchange = { user_message: TEXTS[action.text], agent_message: 'Noted.', turn_id };
  known.tried.set(turn_id, who.session_id);
  const first = await onInstance(action.death, (s) => say(s, who, exchange));
  const answer = first ?? (action.retried ? await say(world.instance(), who, exchange) : undefined);
  if (answer) known.acknowledged.set(turn_id, who.session_id);
}

async function deliver({ which, kept, death: at }: Extract<Step, { do: 'deliver' }>): Promise<void> {
  const index = which % Math.max(1, world.rung.length);
  const bell = world.rung[index];
  if (!bell) return;
  if (!kept) world.rung.splice(index, 1);
  if (bell.queue !== 'invalidate') await onInstance(at, (s) => runJob(s, Doorbell.parse(bell.payload)));
}

/** A session that was never stored to is not there: ending or reading it says so. */
function expected(error: unknown): void {
  if ((error as { code?: string }).code !== 'session_not_found') throw error;
}

test('whatever dies, is lost or comes twice: nothing acknowledged is lost or doubled, cursors and summaries stay exact, and the work gets done', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
      const one = world.fresh();
      const sessions = [one, { ...one, session_id: `${one.session_id}-b` }];
      const known: Known = { acknowledged: new Map(), tried: new Map() };
      world.rung.length = 0;
      for (const action of steps) await take(action, sessions, known);
      await checkInvariants(world, sessions, known);
      await recover(world, () => isSettled(world, sessions));
      await checkInvariants(world, sessions, { ...known, settled: true });
    }),
    { numRuns: RUNS, seed: SEED, verbose: 1 },
  );
}, 3_600_000);
