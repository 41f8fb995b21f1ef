import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgetFacts } from '../../src/lib/memory/facts/forget.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { addSummary } from '../../src/lib/memory/sessions/session-summaries.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { ForgetRequest } from '../../src/lib/requests-facts.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { mortal } from '../support/mortal.ts';
import { ownerIs, say } from '../support/talk.ts';
import { derived, end, factTexts, saying, type Who } from './derived.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 2 });
});
afterAll(() => world.stop());

const forget = (who: Who, services: Services) => forgetFacts(services, ownerIs(who), ForgetRequest.parse({ query: 'Lisbon' }));

/** A user who moved to Lisbon and told it in two ways. */
async function resident(): Promise<Who> {
  const services = world.instance();
  const who = world.fresh();
  const messages = [
    { role: 'user', content: 'I live in Berlin. I own a red bicycle.', created_at: '2025-01-01' },
    { role: 'user', content: 'I live in Lisbon.', created_at: '2025-02-01' },
  ];
  await say(services, who, { messages });
  await addSummary(services, { owner: ownerIs(who), session_id: who.session_id, request: { summary: 'The user lives in Lisbon.' } });
  await end(world, who);
  return who;
}

test('killed between any two steps, asking again finishes it, and nothing else is lost', async () => {
  let finished = false;
  for (let atCall = 1; !finished; atCall++) {
    const mode = atCall % 2 ? 'before' : 'after';
    const when = `killed ${mode} call ${atCall}`;
    const who = await resident();
    const { services, died } = mortal(world.instance(), { atCall, mode });
    finished = (await Promise.race([forget(who, services), died])) !== 'died';
    world.clock.advance({ seconds: 60 }); // the tokens of the dead are old by then
    await forget(who, world.instance(1));
    const answers = await derived(world.instance(1), who, 'Lisbon');
    expect(saying(answers, /Lisbon/), when).toEqual([]);
    const current = await factTexts(world.instance(), who);
    expect(current.join(' | '), when).toMatch(/bicycle/);
    expect(current.join(' | '), when).toMatch(/lives in Berlin/); // what the forgotten one had closed holds again
    expect(await factTexts(world.instance(), who, 'closed'), when).toEqual([]);
    const [note, ...more] = await world.instance().warm.forgotten.list(ownerIs(who));
    expect([note?.removed_at, more], when).toEqual([expect.any(String), []]);
    expect(JSON.stringify(note), when).not.toMatch(/lisbon|lives/i);
  }
}, 240_000);

test('a reflection that is killed and goes on after something was forgotten does not learn it', async () => {
  const who = world.fresh();
  const services = world.instance();
  await say(services, who, 'I live in Lisbon.');
  await end(world, who);
  await say(services, who, 'I live in Lisbon, and I have a boat.');
  await endSession(services, ownerIs(who), { ...who, wait_ms: 0 });
  const [bell] = world.rung.splice(0);
  const dying = mortal(services, { atCall: 12, mode: 'before' });
  await Promise.race([runJob(dying.services, Doorbell.parse(bell?.payload)), dying.died]);
  await forget(who, world.instance(1));
  world.clock.advance({ seconds: 600 });
  await runJob(world.instance(1), Doorbell.parse(bell?.payload));
  world.rung.splice(0);
  expect(saying(await derived(services, who, 'Lisbon'), /Lisbon/)).toEqual([]);
  expect((await factTexts(services, who)).join(' ')).toMatch(/boat/);
});

test('what a forgetting that died left behind is finished by the next reflection', async () => {
  const who = await resident();
  const { services, died } = mortal(world.instance(), { atCall: 10, mode: 'after' });
  expect(await Promise.race([forget(who, services), died])).toBe('died');
  const { forgotten } = world.instance().warm;
  expect(await forgotten.list(ownerIs(who))).toMatchObject([{ removed_at: null }]);
  world.clock.advance({ seconds: 600 });
  const later = { ...who, session_id: `${who.session_id}-later` };
  await say(world.instance(), later, 'I play the cello.');
  await end(world, later);
  expect(await forgotten.list(ownerIs(who))).toMatchObject([{ removed_at: expect.any(String) }]);
  expect(saying(await derived(world.instance(), who, 'Lisbon'), /Lisbon/)).toEqual([]);
});
