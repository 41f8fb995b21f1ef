import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalModel } from '../../src/lib/llm/local.ts';
import { listFacts } from '../../src/lib/memory/facts/facts.ts';
import { forgetFacts } from '../../src/lib/memory/facts/forget.ts';
import { queueJob } from '../../src/lib/memory/jobs/jobs.ts';
import { putConfig } from '../../src/lib/memory/sessions/session-config.ts';
import { addSummary } from '../../src/lib/memory/sessions/session-summaries.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { ForgetRequest } from '../../src/lib/requests-facts.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say } from '../support/talk.ts';
import { derived, end, factTexts, saying, type Who, work } from './derived.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 2 });
});
afterAll(() => world.stop());

const local = createLocalModel({ now: () => 0 });
const forget = (who: Who, request: object, services: Services = world.instance()) =>
  forgetFacts(services, ownerIs(who), ForgetRequest.parse(request));

/** A user with two sessions, with summaries of every level, that said where it lives in both. */
async function resident(): Promise<{ who: Who; later: Who }> {
  const services = world.instance();
  const who = world.fresh();
  const later = { ...who, session_id: `${who.session_id}-later` };
  const at = { session_id: who.session_id };
  await putConfig(services, ownerIs(who), { ...at, change: { max_buffer_messages: 8 }, condition: {} });
  await say(services, who, { user_message: 'I live in Lisbon. I own a red bicycle.', agent_message: 'Lisbon is lovely!' });
  await say(services, who, 'I prefer window seats.');
  for (let n = 0; n < 6; n++) await say(services, who, `I wrote remark ${n} in my diary.`);
  await work(world);
  await addSummary(services, { owner: ownerIs(who), ...at, request: { summary: 'The user lives in Lisbon. The user owns a bicycle.' } });
  await end(world, who);
  await say(services, later, 'I love the cello. I live in Lisbon.');
  await end(world, later);
  world.clock.advance({ seconds: 5 });
  return { who, later };
}

/** Reads the turns of a session once more, as a job that is run again over them does. */
async function reflectAgain(who: Who, services: Services = world.instance()): Promise<void> {
  const { warm } = services;
  for (let moved = false; !moved; ) {
    const head = await warm.sessions.readHead(ownerIs(who), who.session_id);
    moved = await warm.sessions.moveHead(ownerIs(who), head!, { reflected_through: 0, summary_id: null });
  }
  const job_id = `20260115-${who.session_id.slice(2, 24)}`;
  await queueJob(services, { job_id, kind: 'reflect', owner: ownerIs(who), session_id: who.session_id, epoch: 0 });
  await work(world, services);
}

test('a forgotten fact is in no answer, after forgetting, after reading the same turns again, and to a later session', async () => {
  const { who, later } = await resident();
  const before = saying(await derived(world.instance(), who, 'Lisbon'), /Lisbon/);
  for (const route of ['context', 'retrieve', 'summaries', 'facts', 'hierarchy', 'history', 'record', 'newSession'])
    expect(before).toContain(route);

  const dry = await forget(who, { query: 'that I live in Lisbon', dry_run: true });
  expect(dry).toMatchObject({ dry_run: true, count: 1, facts: [{ text: expect.stringMatching(/lives in Lisbon/) }] });
  expect(await factTexts(world.instance(), who)).toContain(dry.facts[0]?.text);
  expect(await forget(who, { query: 'that I live in Lisbon' })).toMatchObject({ dry_run: false, count: 1 });

  const isGone = async (when: string) => {
    for (const services of [world.instance(0), world.instance(1)]) {
      expect(saying(await derived(services, who, 'Lisbon'), /Lisbon/), when).toEqual([]);
      expect(saying(await derived(services, later, 'Lisbon'), /Lisbon/), when).toEqual([]);
    }
    const facts = (await factTexts(world.instance(), who)).join(' | ');
    expect(facts, when).toMatch(/bicycle/);
    expect(facts, when).toMatch(/window seats/);
    expect(facts, when).toMatch(/cello/);
  };
  await isGone('after forgetting');
  await reflectAgain(who);
  await reflectAgain(later);
  await isGone('after reading again');
  await say(world.instance(), later, 'I play chess on Sundays.');
  await end(world, later);
  await isGone('after a later turn');
  expect(await forget(who, { query: 'Lisbon' })).toMatchObject({ count: 0, facts: [] });
});

test('what the user says again afterwards is a new fact, and its summary may say it', async () => {
  const { who, later } = await resident();
  await forget(who, { query: 'Lisbon' });
  world.clock.advance({ seconds: 5 });
  await say(world.instance(), later, 'I live in Lisbon.');
  await end(world, later);
  const { facts } = await listFacts(world.instance(), ownerIs(who), { limit: 100 });
  const fact = facts.find(({ text }) => /Lisbon/.test(text));
  expect(fact).toMatchObject({ status: 'current', support: 1, sources: [{ session_id: later.session_id, seqs: [3] }] });
  await reflectAgain(who);
  expect((await factTexts(world.instance(), who)).filter((text) => /Lisbon/.test(text))).toHaveLength(1);
});

test.each(['reflect', 'summarize', 'profile'] as const)(
  'a %s under way while something is forgotten does not write it back',
  async (kind) => {
    const who = world.fresh();
    const services = world.instance();
    await say(services, who, 'I live in Lisbon. I own a red bicycle.');
    await end(world, who);
    for (let n = 0; n < 16; n++) await say(services, who, `I live in Lisbon and own boat ${n}.`);
    if (kind !== 'summarize') await endSession(services, ownerIs(who), { ...who, wait_ms: 0 });
    world.rung.splice(0, world.rung.length, ...world.rung.filter(({ queue }) => queue === (kind === 'summarize' ? kind : 'reflect')));
    let asked = 0;
    const interfere = async () => {
      if (asked++ === 0) await forget(who, { query: 'Lisbon' }, world.instance(1));
    };
    const model = {
      ...local,
      [kind]: async (input: never) => {
        const answer = await (local[kind] as (input: never) => Promise<never>)(input);
        await interfere();
        return answer;
      },
    };
    await work(world, { ...services, model });
    expect(asked).toBeGreaterThan(1);
    await work(world);
    expect(saying(await derived(services, who, 'Lisbon'), /lives? in Lisbon/)).toEqual([]);
  },
);
