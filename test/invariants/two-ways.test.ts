import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readContext } from '../../src/lib/memory/context/context.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { forgetSession } from '../../src/lib/memory/retention/forget-session.ts';
import { clearBuffer, clearSummaries } from '../../src/lib/memory/sessions/clear.ts';
import { addMessage, listMessages } from '../../src/lib/memory/sessions/messages.ts';
import { readBuffer } from '../../src/lib/memory/sessions/session-buffer.ts';
import { addSummary } from '../../src/lib/memory/sessions/session-summaries.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { storeMessages } from '../../src/lib/memory/sessions/turns.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { ContextRequest, StoreRequest } from '../../src/lib/requests.ts';
import { MessageRequest } from '../../src/lib/requests-session.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Owner, ownerOf } from '../../src/lib/tiers/keys.ts';
import type { Json } from '../support/api.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { doWithFields, expectFields, fieldStep } from './field-steps.ts';

/**
 * The same history told by stores of document 0, message by message, and by one and the other in turn: the sessions say the same,
 * whichever instance answers, with Redis wiped at random points. They lie in three tenants, under the same names. Fields are what
 * Python's dicts and lists would be, and a wipe takes all of them; else they and what was said leave each other alone. A failing run
 * prints its seed and its shrunk history.
 *   FUZZ_RUNS=5000 FUZZ_SEED=1 npx vitest run test/invariants/two-ways.test.ts
 */
const RUNS = Number(process.env.FUZZ_RUNS ?? 60);
const SEED = process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED);

let world: Instances;
beforeAll(async () => {
  const small = { K_TURN_BUFFER: '2', L_TURN_CHUNKS: '2', REFLECTION_THRESHOLD_TURNS: '4', MAX_BUFFER_MESSAGES: '12' };
  world = await startInstances({ count: 2, settings: small });
});
afterAll(() => world.stop());

const TEXTS = [
  'I live in Berlin.',
  'I moved to Lisbon.',
  'I am a vegetarian.',
  'What now?',
  `A long story. ${'And then we went on. '.repeat(200)}`,
];
const WAYS = ['stores', 'messages', 'in-turn'] as const;
type Way = (typeof WAYS)[number];
type Who = ReturnType<Instances['fresh']>;

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      text: fc.nat(TEXTS.length - 1),
      reply: fc.constantFrom('assistant' as const, 'named' as const, 'tool' as const, 'none' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('field' as const), step: fieldStep, named: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('work' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wipe' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('clear buffer' as const, 'clear summaries' as const, 'forget' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('by hand' as const), covers: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 200 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const ownerIn = (way: Way, { user_id, session_id }: Who) => ownerOf(way, user_id, session_id);

function turnOf({ text, reply }: Extract<Step, { do: 'say' }>) {
  const said = { role: 'user' as const, content: TEXTS[text]! };
  const content = `About that: ${text}.`;
  if (reply === 'none') return [said];
  return [
    said,
    reply === 'assistant' ? { role: reply, content } : { role: reply === 'tool' ? reply : ('assistant' as const), content, name: 'Ada' },
  ];
}

type Turn = ReturnType<typeof turnOf>;

/** The body of a store: an exchange where it is one, else a list of messages. */
function bodyOf(turn: Turn) {
  const [user, agent] = turn;
  const isExchange = agent !== undefined && agent.role === 'assistant' && !('name' in agent);
  return isExchange ? { user_message: user?.content, agent_message: agent.content } : { messages: turn };
}

async function say(services: Services, way: Exclude<Way, 'in-turn'>, { owner, who, turn }: Said): Promise<void> {
  if (way === 'stores') {
    await storeMessages(services, { owner, request: StoreRequest.parse({ ...who, ...bodyOf(turn) }) });
    return;
  }
  for (const said of turn) {
    const { message } = MessageRequest.parse(said);
    await addMessage(services, { owner, session_id: who.session_id, message });
  }
}

interface Said {
  owner: Owner;
  who: Who;
  turn: Turn;
}

/** One history: whose it is, how far it has come, and what its fields hold. */
interface Tale {
  who: Who;
  at: number;
  fields: Map<string, Json>;
}

async function take(action: Step, tale: Tale, services: Services): Promise<void> {
  if (action.do === 'wipe') return world.redis.flush();
  if (action.do === 'wait') return void world.clock.advance({ seconds: action.seconds });
  if (action.do === 'work') return work(services);
  if (action.do === 'field') return doInAllWays(action, tale, services);
  for (const way of WAYS) await change(action, { way, tale, services }).catch(unknownSession);
}

async function doInAllWays({ step, named }: Extract<Step, { do: 'field' }>, { who, fields }: Tale, services: Services): Promise<void> {
  const before = structuredClone([...fields]);
  for (const way of WAYS) {
    fields.clear();
    for (const [name, value] of structuredClone(before)) fields.set(name, value);
    await doWithFields(services, askedIn(way, who, named), { step, fields });
  }
}
const askedIn = (way: Way, { user_id, session_id }: Who, named: boolean) => ({
  tenant: way,
  session_id,
  user_id: named ? user_id : undefined,
});

async function change(action: Step, { way, tale, services }: { way: Way; tale: Tale; services: Services }): Promise<void> {
  const { who, at } = tale;
  const owner = ownerIn(way, who);
  const { session_id } = who;
  const now = at % 2 === 0 ? 'stores' : 'messages';
  if (action.do === 'say') await say(services, way === 'in-turn' ? now : way, { owner, who, turn: turnOf(action) });
  if (action.do === 'end') await endSession(services, owner, { ...who, wait_ms: 0 });
  if (action.do === 'clear buffer') await clearBuffer(services, owner, session_id);
  if (action.do === 'clear summaries') await clearSummaries(services, owner, session_id);
  if (action.do === 'forget') await forgetSession(services, owner, { session_id, bound: false });
  if (action.do === 'by hand') {
    const head = await services.warm.sessions.readHead(owner, session_id);
    const to_seq = action.covers ? head?.value.last_seq : undefined;
    await addSummary(services, { owner, session_id, request: { summary: 'Told by hand.', to_seq } });
  }
}

async function work(services: Services): Promise<void> {
  for (const { queue, payload } of world.rung.splice(0)) if (queue !== 'invalidate') await runJob(services, Doorbell.parse(payload));
}

/** A session that was never stored to, or was forgotten, is not there. */
function unknownSession(error: unknown): undefined {
  if ((error as { code?: string }).code !== 'session_not_found') throw error;
}

/** All that a reader is told, without the names that each way mints for itself. */
async function told(services: Services, way: Way, who: Who) {
  const owner = ownerIn(way, who);
  const { session_id } = who;
  const context = await readContext(services, owner, ContextRequest.parse({ ...who, max_tokens: 100_000 })).catch(unknownSession);
  if (!context) return undefined;
  const { context_id: _id, active_context, ...rest } = context;
  const buffer = await readBuffer(services, owner, session_id);
  const { messages } = await listMessages(services, owner, { session_id, limit: 1000, epoch: 'all' });
  return {
    ...rest,
    turns: active_context.map(({ turn_id: _turn, ...turn }) => turn),
    buffer: {
      ...buffer,
      buffer_messages: buffer.buffer_messages.map(nameless),
      buffer_info: { ...buffer.buffer_info, ttl_remaining_seconds: 0 },
    },
    messages: messages.map(nameless),
  };
}
const nameless = <T extends object>(message: T) => ({ ...message, message_id: '' });

/** Every way tells the same, on either instance, and has the fields that it should. */
async function expectSame({ who, fields }: Tale): Promise<void> {
  const [first, ...others] = await Promise.all(WAYS.map((way, i) => told(world.instance(i % 2), way, who)));
  for (const other of others) expect(other).toEqual(first);
  for (const way of WAYS) expect(await told(world.instance(1), way, who), `${way}, from its copy`).toEqual(first);
  for (const way of WAYS) await expectFields(world.instance(), askedIn(way, who, true), fields);
}

test('a history of stores and the same history of messages say the same, hot or rebuilt', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
      const tale: Tale = { who: world.fresh(), at: 0, fields: new Map() };
      world.rung.length = 0;
      for (const action of steps) {
        await take(action, tale, world.instance(tale.at++ % 2));
        if (action.do === 'wipe' || action.do === 'forget') tale.fields.clear();
      }
      await expectSame(tale);
      await world.redis.flush();
      tale.fields.clear();
      await expectSame(tale);
    }),
    { numRuns: RUNS, seed: SEED, verbose: 1 },
  );
}, 3_600_000);
