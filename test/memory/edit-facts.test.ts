import { afterAll, beforeAll, expect, test } from 'vitest';
import { addFact } from '../../src/lib/memory/facts/add.ts';
import { editFact } from '../../src/lib/memory/facts/edit.ts';
import { listFacts } from '../../src/lib/memory/facts/facts.ts';
import { forgetFacts } from '../../src/lib/memory/facts/forget.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import { AddFactRequest, EditFactRequest, ForgetRequest } from '../../src/lib/requests-facts.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say } from '../support/talk.ts';
import { derived, end, factTexts, saying, type Who, work } from './derived.ts';

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ count: 2 });
});
afterAll(() => world.stop());

const forget = (who: Who, request: object, at = 0) => forgetFacts(world.instance(at), ownerIs(who), ForgetRequest.parse(request));
const current = async (who: Who) => (await listFacts(world.instance(), ownerIs(who), { limit: 100 })).facts;
const another = (who: Who, name: string): Who => ({ ...who, session_id: `${who.session_id}-${name}` });
async function readAgain(who: Who): Promise<void> {
  const { sessions } = world.instance().warm;
  const head = await sessions.readHead(ownerIs(who), who.session_id);
  await sessions.moveHead(ownerIs(who), head!, { reflected_through: 0, summary_id: null, status: 'open', end_job_id: null });
  await end(world, who);
}

test('an edit holds: no context says the old words, and reading the same turns again does not undo it', async () => {
  const who = world.fresh();
  await say(world.instance(), who, { user_message: 'I live in Lisbon. I own a red bicycle.', agent_message: 'Good to know.' });
  await end(world, who);
  const fact = (await current(who)).find(({ text }) => /Lisbon/.test(text));
  const edit = EditFactRequest.parse({ text: 'User lives in Lisboa Norte.', pinned: true });
  world.clock.advance({ days: 1 });
  await editFact(world.instance(), ownerIs(who), { fact_id: fact!.id, edit, condition: {} });
  const told = async () => {
    const next = another(who, 'next');
    return (await startSession(world.instance(1), ownerIs(next), { ...next, restore: true })).formatted_context;
  };
  expect(await told()).toMatch(/Lisboa Norte/);
  expect(await told()).not.toMatch(/Lisbon\b/);
  await readAgain(who);
  expect((await factTexts(world.instance(), who)).toSorted()).toEqual(['User lives in Lisboa Norte.', 'User owns a red bicycle.']);
  expect(await told()).not.toMatch(/Lisbon\b/);
  expect((await forget(who, { query: 'lives in Lisbon' })).facts).toMatchObject([{ text: 'User lives in Lisboa Norte.' }]);
  expect(saying(await derived(world.instance(), who, 'Lisbon'), /Lisbo/)).toEqual([]);
});

test('by session: what rests on others too stays with them; by age: what was said again later stays', async () => {
  const [old, late] = [world.fresh(), world.fresh()].map((who, i, all) => ({
    ...who,
    user_id: all[0]!.user_id,
    session_id: `${who.session_id}-${i}`,
  }));
  const said = (content: string, created_at: string) => ({ messages: [{ role: 'user', content, created_at }] });
  await say(world.instance(), old!, said('I play the cello. I own a red bicycle.', '2024-01-01'));
  await end(world, old!);
  await say(world.instance(), late!, said('I play the cello. I like chess.', '2025-01-01'));
  await end(world, late!);
  const dry = await forget(old!, { before: '2024-06-01', dry_run: true });
  expect(dry.facts.map(({ text }) => text)).toEqual([expect.stringMatching(/bicycle/)]);
  const gone = await forget(old!, { session_id: late!.session_id });
  expect(gone.facts.map(({ text }) => text)).toEqual([expect.stringMatching(/chess/)]);
  const cello = (await current(old!)).find(({ text }) => /cello/.test(text));
  expect(cello).toMatchObject({ support: 1, sources: [{ session_id: old!.session_id }] });
  expect(saying(await derived(world.instance(), late!, 'chess'), /chess/)).toEqual([]);
});

test('German is forgotten alike', async () => {
  const who = world.fresh();
  await say(world.instance(), who, { user_message: 'Ich wohne in Potsdam. Ich mag Rhabarberkuchen.', agent_message: 'Potsdam ist schön.' });
  await end(world, who);
  expect((await factTexts(world.instance(), who)).join(' | ')).toMatch(/Potsdam/);
  expect(await forget(who, { query: 'Vergiss, dass ich in Potsdam wohne' })).toMatchObject({ count: 1 });
  await readAgain(who);
  expect(saying(await derived(world.instance(), who, 'Potsdam'), /Potsdam/)).toEqual([]);
  expect((await factTexts(world.instance(), who)).join(' | ')).toMatch(/Rhabarber/);
});

test('forgetting, adding, editing and reflecting at once lose nothing and bring nothing back', async () => {
  const who = world.fresh();
  await say(world.instance(), who, 'I live in Lisbon. I own a red bicycle. I love the cello.');
  await end(world, who);
  const others = Array.from({ length: 4 }, (_, n) => another(who, String(n)));
  for (const [n, other] of others.entries()) {
    await say(world.instance(), other, `I live in Lisbon. I visited harbour ${n} last year.`);
    await endSession(world.instance(), ownerIs(other), { ...other, wait_ms: 0 });
  }
  const bicycle = (await current(who)).find(({ text }) => /bicycle/.test(text));
  const add = (n: number) =>
    addFact(world.instance(n % 2), ownerIs(who), { request: AddFactRequest.parse({ text: `User has pet number ${n}.` }) });
  await Promise.all([
    work(world, world.instance(1)),
    forget(who, { query: 'Lisbon' }, 0),
    forget(who, { query: 'cello' }, 1),
    ...Array.from({ length: 4 }, (_, n) => add(n)),
    editFact(world.instance(), ownerIs(who), { fact_id: bicycle!.id, edit: { text: 'User owns a blue bicycle.' }, condition: {} }),
  ]);
  await work(world);
  const texts = (await factTexts(world.instance(), who)).join(' | ');
  for (const kept of [/blue bicycle/, /pet number 0/, /pet number 3/, /harbour 0/, /harbour 3/]) expect(texts).toMatch(kept);
  expect(saying(await derived(world.instance(), who, 'Lisbon cello'), /Lisbon|cello/)).toEqual([]);
});
