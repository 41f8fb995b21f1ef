import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import type { Doorbell } from '../../src/lib/model-work.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, say } from '../support/talk.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 3 });
});
afterAll(() => world.stop());

type Who = ReturnType<Instances['fresh']>;

/** Doorbells of ended sessions, not answered yet. */
async function saidAndEnded(who: Who, texts: string[]): Promise<Doorbell> {
  for (const text of texts) await say(world.instance(), who, { user_message: text, agent_message: 'Noted.' });
  const { job_id } = await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  return { tenant: 'default', job_id };
}
const inSession = (who: Who, name: string): Who => ({ ...who, session_id: `${who.session_id}-${name}` });

test('two contradicting statements in two sessions leave one current fact, one closed one, and a context that says only what holds', async () => {
  const who = world.fresh();
  await runJob(world.instance(0), await saidAndEnded(inSession(who, '1'), ['I live in Berlin.', 'I like tea.']));
  world.clock.advance({ days: 3 });
  await runJob(world.instance(1), await saidAndEnded(inSession(who, '2'), ['I moved to Lisbon.']));

  const { memory } = world.instance().warm;
  const current = (await memory.listFacts(ownerIs(who))).map((f) => f.text).join(' ');
  expect(current).toContain('Lisbon');
  expect(current).not.toContain('Berlin');
  const [closed, ...others] = await memory.listClosedFacts(ownerIs(who));
  expect(others).toEqual([]);
  expect(closed?.text).toContain('Berlin');
  expect(closed?.valid_to).toEqual(expect.any(String));
  expect(closed?.superseded_by).toEqual(expect.any(String));

  const next = inSession(who, '3');
  await say(world.instance(2), next, { user_message: 'Hello again', agent_message: 'Welcome back.' });
  const { formatted_context } = await recall(world.instance(2), next);
  expect(formatted_context).toContain('Lisbon');
  expect(formatted_context).toContain('tea');
  expect(formatted_context).not.toContain('Berlin');
});

test('a fact repeated in five sessions is one fact with five sources, even when three workers reflect at once', async () => {
  const who = world.fresh();
  const bells = [];
  for (const n of [1, 2, 3, 4, 5]) {
    bells.push(await saidAndEnded(inSession(who, `${n}`), ['I prefer window seats.']));
    world.clock.advance({ seconds: 1 });
  }
  await Promise.all(bells.map((bell, i) => runJob(world.instance(i % 3), bell)));
  const facts = (await world.instance().warm.memory.listFacts(ownerIs(who))).filter((f) => /window seats/.test(f.text));
  expect(facts).toHaveLength(1);
  expect(facts[0]).toMatchObject({ support: 5 });
  expect(new Set(facts[0]?.sources.map((s) => s.session_id)).size).toBe(5);
});

test('the profile cites what it rests on, is bounded, and lets go of what was said once long ago', async () => {
  const who = world.fresh();
  await runJob(world.instance(), await saidAndEnded(inSession(who, '1'), ['I collect old maps.', 'I prefer window seats.']));
  await runJob(world.instance(), await saidAndEnded(inSession(who, '2'), ['I prefer window seats.']));
  const profile = async () => {
    const user = await world.instance().warm.sessions.readUser(ownerIs(who));
    return world.instance().warm.memory.readProfile(ownerIs(who), user?.value.profile_rev ?? 0);
  };
  const first = await profile();
  expect(first?.statements.find((s) => /maps/.test(s.text))?.cites.length).toBeGreaterThan(0);
  expect(first?.statements.length).toBeLessThanOrEqual(40);

  world.clock.advance({ days: 200 });
  await runJob(world.instance(), await saidAndEnded(inSession(who, '3'), ['I have a dog.']));
  const later = (await profile())?.statements.map((s) => s.text).join(' ');
  expect(later).toMatch(/dog/);
  expect(later).toMatch(/window seats/);
  expect(later).not.toMatch(/maps/);
});

test('facts come from the user, not from what the assistant proposed, and not from recalled memories', async () => {
  const who = world.fresh();
  await say(world.instance(), who, { user_message: 'What should I eat?', agent_message: 'You are vegan, so you love tofu.' });
  await runJob(world.instance(), await saidAndEnded(who, ['Ok.']));
  expect((await world.instance().warm.memory.listFacts(ownerIs(who))).map((f) => f.text)).toEqual([]);
});

test('memories that a context put into a prompt do not come back as new support', async () => {
  const who = world.fresh();
  await runJob(world.instance(), await saidAndEnded(inSession(who, '1'), ['I prefer window seats.']));
  const next = inSession(who, '2');
  await say(world.instance(), next, 'hello');
  const { context_id, insights } = await recall(world.instance(), next);
  const echoed = insights.map((i) => i.content).join(' ');
  expect(echoed).toMatch(/window seats/);
  await say(world.instance(), next, {
    user_message: 'I prefer window seats. Book a flight.',
    agent_message: 'Done.',
    context_id,
  });
  await runJob(world.instance(), await saidAndEnded(next, ['Thanks.']));
  const facts = (await world.instance().warm.memory.listFacts(ownerIs(who))).filter((f) => /window seats/.test(f.text));
  expect(facts.map((f) => f.support)).toEqual([1]);
});
