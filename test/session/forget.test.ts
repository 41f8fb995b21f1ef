import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalModel } from '../../src/lib/llm/local.ts';
import { putField } from '../../src/lib/memory/fields/fields.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { forgetSession } from '../../src/lib/memory/retention/forget-session.ts';
import { addMessage } from '../../src/lib/memory/sessions/messages.ts';
import { putConfig } from '../../src/lib/memory/sessions/session-config.ts';
import { putState } from '../../src/lib/memory/sessions/session-state.ts';
import { addSummary } from '../../src/lib/memory/sessions/session-summaries.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { mortal } from '../support/mortal.ts';
import { ownerIs, recall, recalled, say, TENANT } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 2 });
});
afterAll(() => world.stop());

type Who = ReturnType<Instances['fresh']>;
const local = createLocalModel({ now: () => 0 });
const forget = (who: Who, services = world.instance()) =>
  forgetSession(services, ownerIs(who), { session_id: who.session_id, bound: false });

async function work(services: Services = world.instance(1)): Promise<void> {
  for (const { queue, payload } of world.rung.splice(0)) if (queue !== 'invalidate') await runJob(services, Doorbell.parse(payload));
}
async function end(who: Who): Promise<void> {
  await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  await work();
}

/** A session with something in every place where a session has anything. */
async function full(who: Who, said = ['I live in Berlin.', 'I am a vegetarian.']): Promise<void> {
  const services = world.instance();
  const at = { session_id: who.session_id };
  await putConfig(services, ownerIs(who), { ...at, change: { max_buffer_messages: 8 }, condition: {} });
  for (const text of said) await say(services, who, text);
  for (let n = 0; n < 6; n++) await say(services, who, `remark ${n}`);
  await work();
  await addSummary(services, { owner: ownerIs(who), ...at, request: { summary: 'By hand.' } });
  await putState(services, ownerIs(who), { ...at, value: { step: 3 }, condition: {} });
  await end(who);
}

/** Every document of a user, by what names the session in it. */
async function traces(who: Who): Promise<string[]> {
  const { session_id } = who;
  const { warm } = world.instance();
  const owner = ownerIs(who);
  const [appends, summaries, facts, closed, insights, head, state, entry] = await Promise.all([
    warm.memory.listAppends(owner, 1000),
    warm.summaries.listIds(owner, session_id),
    warm.forget.listFacts(owner, session_id, 1000),
    warm.memory.listClosedFacts(owner),
    warm.forget.listInsights(owner, session_id, 1000),
    warm.sessions.readHead(owner, session_id),
    warm.state.read(owner, session_id),
    warm.sessions.readDirectory(TENANT, session_id),
  ]);
  const keys = (await world.redis.keys()).filter((key) => key.includes(session_id) && key.endsWith('b'));
  return [
    ...appends.filter((a) => a.session_id === session_id).map((a) => a.id),
    ...summaries,
    ...facts.map((f) => f.id),
    ...closed.filter((f) => f.sources.some((s) => s.session_id === session_id)).map((f) => f.id),
    ...insights.map((i) => i.id),
    ...keys,
    ...[head, state, entry].flatMap((found) => (found ? [found.value.id] : [])),
  ];
}

test('everything of a session goes, and it is not found any more', async () => {
  const who = world.fresh();
  await full(who);
  expect((await traces(who)).length).toBeGreaterThan(10);
  expect(await forget(who)).toEqual({ success: true });
  expect(await traces(who)).toEqual([]);
  await expect(recall(world.instance(), who)).rejects.toMatchObject({ code: 'session_not_found' });
  await expect(recall(world.instance(1), who)).rejects.toMatchObject({ code: 'session_not_found' });
  await expect(forget(who)).rejects.toMatchObject({ code: 'session_not_found' });
  const profile = await knownTo(who);
  expect(profile).toBe('');
});

/** What a new session of the user is told. */
async function knownTo({ user_id }: Who): Promise<string> {
  const session_id = world.fresh().session_id;
  const next = { user_id, session_id };
  return (await startSession(world.instance(1), ownerIs(next), { ...next, restore: true })).formatted_context;
}

test('a session of the same name begins at nothing: no messages, limits, state, and the same turn ids may be used', async () => {
  const who = world.fresh();
  await say(world.instance(), who, { user_message: 'old', agent_message: 'yes', turn_id: 'turn-1' });
  await full(who);
  await forget(who);
  const again = await say(world.instance(), who, { user_message: 'new', agent_message: 'no', turn_id: 'turn-1' });
  expect(again).toMatchObject({ seq: 2, duplicate: false });
  expect(await recalled(world.instance(1), who)).toEqual(['new']);
  const head = (await world.instance().warm.sessions.readHead(ownerIs(who), who.session_id))!.value;
  expect([head.config, head.has_state, head.summary_id, head.rolling_id]).toEqual([undefined, undefined, null, null]);
});

test('a fact that rests on another session too loses this source and stays; insights and facts of the other stay', async () => {
  const one = world.fresh();
  const other = { ...one, session_id: `${one.session_id}-b` };
  await say(world.instance(), one, 'I live in Berlin. I own a red bicycle.');
  await end(one);
  await say(world.instance(), other, 'I live in Berlin. I play the cello.');
  await end(other);
  await forget(one);
  const facts = await world.instance().warm.memory.listFacts(ownerIs(one));
  const texts = facts.map((f) => f.text).join(' | ');
  expect(texts).toMatch(/Berlin/);
  expect(texts).toMatch(/cello/);
  expect(texts).not.toMatch(/bicycle/);
  for (const fact of facts) expect(fact.sources.map((s) => s.session_id)).toEqual([other.session_id]);
  const told = await knownTo(one);
  expect(told).toMatch(/cello/);
  expect(told).not.toMatch(/bicycle/);
});

test('a fact that was closed by one of the forgotten session holds again', async () => {
  const one = world.fresh();
  const other = { ...one, session_id: `${one.session_id}-b` };
  await say(world.instance(), one, { messages: [{ role: 'user', content: 'I live in Berlin.', created_at: '2025-01-01' }] });
  await end(one);
  await say(world.instance(), other, { messages: [{ role: 'user', content: 'I live in Lisbon.', created_at: '2025-02-01' }] });
  await end(other);
  const current = async () => (await world.instance().warm.memory.listFacts(ownerIs(one))).map((f) => f.text).join(' | ');
  expect(await current()).toMatch(/Lisbon/);
  expect(await current()).not.toMatch(/Berlin/);
  await forget(other);
  expect(await current()).toMatch(/Berlin/);
  expect(await current()).not.toMatch(/Lisbon/);
  expect(await world.instance().warm.memory.listClosedFacts(ownerIs(one))).toEqual([]);
});

test.each(['reflect', 'summarize'] as const)(
  'a %s that was under way writes nothing, also when the session was begun anew',
  async (kind) => {
    const who = world.fresh();
    for (let n = 1; n <= 16; n++) await say(world.instance(), who, `I own boat number ${n}.`);
    world.rung.splice(0, world.rung.length, ...world.rung.filter(({ queue }) => queue === kind));
    let asked = 0;
    const interfere = async () => {
      if (asked++ > 0) return;
      await forget(who);
      for (let n = 1; n <= 2; n++) await say(world.instance(), who, `new beginning ${n}`);
    };
    const model = {
      ...local,
      reflect: async (input: Parameters<typeof local.reflect>[0]) => {
        await interfere();
        return local.reflect(input);
      },
      summarize: async (input: Parameters<typeof local.summarize>[0]) => {
        await interfere();
        return local.summarize(input);
      },
    };
    const bells = world.rung.splice(0);
    for (const { payload } of bells) await runJob({ ...world.instance(1), model }, Doorbell.parse(payload));
    expect(asked).toBeGreaterThan(0);
    const { warm } = world.instance();
    const facts = await warm.memory.listFacts(ownerIs(who));
    expect(facts.map((f) => f.text).join(' ')).not.toMatch(/boat/);
    for (const summary of await warm.memory.listSummaries(ownerIs(who))) expect(summary.text).not.toMatch(/boat/);
    expect(await recalled(world.instance(), who)).toEqual(['new beginning 1', 'new beginning 2']);
  },
);

test('a profile that another session was writing does not bring a forgotten fact back', async () => {
  const one = world.fresh();
  const other = { ...one, session_id: `${one.session_id}-b` };
  await say(world.instance(), one, 'I own a red bicycle.');
  await end(one);
  await say(world.instance(), other, 'I play the cello.');
  await endSession(world.instance(), ownerIs(other), { ...other, wait_ms: 0 });
  let asked = 0;
  const model = {
    ...local,
    profile: async (input: Parameters<typeof local.profile>[0]) => {
      const answer = await local.profile(input);
      if (asked++ === 0) await forget(one);
      return answer;
    },
  };
  await work({ ...world.instance(1), model });
  expect(asked).toBeGreaterThan(1);
  expect(await knownTo(one)).not.toMatch(/bicycle/);
  expect(await knownTo(one)).toMatch(/cello/);
});

test('what is stored while the session is being forgotten, after its end, stays', async () => {
  const who = world.fresh();
  await full(who);
  const services = world.instance();
  let stored = false;
  const { warm } = services;
  const retention = {
    ...warm.retention,
    removeEarlier: async (...args: Parameters<typeof warm.retention.removeEarlier>) => {
      if (!stored) {
        stored = true;
        await say(world.instance(1), who, 'said meanwhile');
      }
      return warm.retention.removeEarlier(...args);
    },
  };
  await forget(who, { ...services, warm: { ...warm, retention } });
  expect(await recalled(world.instance(1), who)).toEqual(['said meanwhile']);
  expect((await traces(who)).filter((id) => id.startsWith('a|'))).toHaveLength(1);
  expect((await traces(who)).filter((id) => /^(y|m|i|st)\|/.test(id))).toEqual([]);
});

test('killed between any two steps, asking again finishes it', async () => {
  let finished = false;
  for (let atCall = 1; !finished; atCall++) {
    const mode = atCall % 2 ? 'before' : 'after';
    const who = world.fresh();
    await say(world.instance(), who, 'I live in Berlin.');
    await putState(world.instance(), ownerIs(who), { session_id: who.session_id, value: 1, condition: {} });
    await end(who);
    const { services, died } = mortal(world.instance(), { atCall, mode });
    finished = (await Promise.race([forget(who, services), died])) !== 'died';
    await forget(who, world.instance(1)).catch((error: { code?: string }) => {
      if (error.code !== 'session_not_found') throw error;
    });
    expect(await traces(who), `killed ${mode} call ${atCall}`).toEqual([]);
    expect(await knownTo(who), `killed ${mode} call ${atCall}`).toBe('');
  }
}, 120_000);

test('an anonymous session is forgotten alike, and a session of another user is not found', async () => {
  const { user_id, session_id } = world.fresh();
  const anonymous = { tenant: TENANT, user_id: null, session_id };
  const services = world.instance();
  await addMessage(services, { owner: anonymous, session_id, message: { role: 'user', content: 'hello' } });
  await expect(forgetSession(services, { tenant: TENANT, user_id }, { session_id, bound: false })).rejects.toMatchObject({
    code: 'session_not_found',
  });
  expect(await forgetSession(services, anonymous, { session_id, bound: false })).toEqual({ success: true });
  expect(await services.warm.sessions.readDirectory(TENANT, session_id)).toBeUndefined();
});

test('a session with fields only is one whose fields are deleted', async () => {
  const { session_id } = world.fresh();
  const services = world.instance();
  const owner = { tenant: TENANT, user_id: null, session_id };
  await expect(forgetSession(services, owner, { session_id, bound: false })).rejects.toMatchObject({ code: 'session_not_found' });
  const of = { tenant: TENANT, session_id, who: '' };
  await putField(services, { ...of, name: 'step' }, { value: 1, ttl: undefined, condition: { mustBe: '', mustNot: '' } });
  expect(await forgetSession(services, owner, { session_id, bound: false })).toEqual({ success: true });
  expect(await services.fields.all.readAll(of)).toEqual({ fields: new Map() });
});
