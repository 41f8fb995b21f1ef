import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addFact } from '../../src/lib/memory/facts/add.ts';
import { embedMissing } from '../../src/lib/memory/vectors/embed-missing.ts';
import { newestSummaries } from '../../src/lib/memory/vectors/embeddable.ts';
import { neighbours } from '../../src/lib/memory/vectors/neighbours.ts';
import { AddFactRequest } from '../../src/lib/requests-facts.ts';
import type { Services } from '../../src/lib/services.ts';
import { factId, summaryId } from '../../src/lib/tiers/keys.ts';
import { vectorsFor } from '../support/concepts.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say } from '../support/talk.ts';

type Who = ReturnType<Instances['fresh']>;

let fake: FakeOpenAI;
let world: Instances;
let services: Services;
beforeAll(async () => {
  fake = await startFakeOpenAI();
  world = await startInstances({ settings: { EMBEDDING_MODEL: 'first', EMBEDDING_BASE_URL: fake.url } });
  services = world.instance();
});
afterAll(async () => {
  await world.stop();
  await fake.close();
});
beforeEach(() => {
  fake.requests.length = 0;
  fake.byDefault(vectorsFor);
});

const embed = (who: Who) => embedMissing(services, ownerIs(who), { timeUp: () => false });
const learn = (who: Who, text: string) => addFact(services, ownerIs(who), { request: AddFactRequest.parse({ text }) });

test('the vector of a fact whose deletion died half-way goes with the next run', async () => {
  const who = world.fresh();
  const { id } = await learn(who, 'User plays the piano.');
  await embed(who);
  const user = (await services.warm.sessions.readUser(ownerIs(who)))!.value;
  await services.warm.forget.commit({ owner: ownerIs(who), user, replaced: [], deleted: [factId(id)] });
  expect(await services.warm.vectors.listDerived(ownerIs(who))).toHaveLength(1);
  await say(services, who, 'Something else.');
  await embed(who);
  expect(await services.warm.vectors.listDerived(ownerIs(who))).toEqual([]);
});

test('a memory that changes while vectors are computed makes the commit again, not the vectors', async () => {
  const who = world.fresh();
  await say(services, who, 'My tooth hurts.');
  let learned: Promise<unknown> | undefined;
  fake.byDefault((request) => {
    learned ??= learn(who, 'User plays the piano.');
    return { ...vectorsFor(request), after: learned };
  });
  expect((await embed(who)).embedded).toBe(2);
  expect(fake.requests).toHaveLength(1);
  expect((await embed(who)).embedded).toBe(1);
});

test('a text that the server does not take is left alone, and not asked for again', async () => {
  const who = world.fresh();
  await say(services, who, 'My tooth hurts.');
  await say(services, who, { user_message: 'never', agent_message: 'never' });
  fake.byDefault((request) =>
    request.body.input?.includes('never') ? { kind: 'error', status: 400, param: 'input', message: 'no' } : vectorsFor(request),
  );
  expect((await embed(who)).left).toBe(false);
  const asked = fake.requests.length;
  await embed(who);
  expect(fake.requests).toHaveLength(asked);
  fake.byDefault(vectorsFor);
  const found = await neighbours(services, ownerIs(who), { query: 'dentist', limit: 9 });
  expect(found?.map(({ seq }) => seq).toSorted()).toEqual([1, 2]);
});

test('of the summaries of a session the one of each level that reaches furthest has a vector', () => {
  const id = (session: string, level: string, [from, to]: [number, number]) => summaryId(session, 1, { from, to, level });
  const ids = [id('s', 'session', [1, 4]), id('s', 'session', [1, 12]), id('s', 'rolling', [1, 8]), id('t', 'session', [1, 2])];
  expect([...newestSummaries(ids)].toSorted()).toEqual([ids[1], ids[2], ids[3]].toSorted());
});
