import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { retrieve } from '../../src/lib/memory/search/retrieve.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { RetrieveRequest } from '../../src/lib/requests.ts';
import { vectorsFor } from '../support/concepts.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say } from '../support/talk.ts';

let fake: FakeOpenAI;
let world: Instances;
beforeAll(async () => {
  fake = await startFakeOpenAI();
  world = await startInstances({ settings: { EMBEDDING_MODEL: 'first', EMBEDDING_BASE_URL: fake.url, MODEL_MAX_RETRIES: '0' } });
});
afterAll(async () => {
  await world.stop();
  await fake.close();
});
beforeEach(() => fake.byDefault(vectorsFor));

type Who = ReturnType<Instances['fresh']>;
async function found(who: Who, query: string, more: object = {}) {
  const request = RetrieveRequest.parse({ user_id: who.user_id, query, kinds: ['turn'], explain: true, ...more });
  return (await retrieve(world.instance(), ownerIs(who), request)).results;
}

/** Stores what is about the dentist and what is not, and runs the job that a search asks for. */
async function tell(who: Who): Promise<void> {
  const messages = ['My tooth hurts.', 'The soup was salty.', 'I water the flowers on Mondays.'].map((content) => ({
    role: 'user',
    content,
  }));
  await say(world.instance(), who, { messages });
  world.rung.length = 0;
  await found(who, 'anything');
  const bells = world.rung.splice(0).filter(({ queue }) => queue === 'index');
  expect(bells).toHaveLength(1); // a search of a user without vectors asks for them
  for (const { payload } of bells) await runJob(world.instance(), Doorbell.parse(payload));
}

test('what shares no word with the query is found by its vector, and says so', async () => {
  const who = world.fresh();
  const stranger = world.fresh();
  await tell(who);
  await tell(stranger);
  const [best] = await found(who, 'dentist');
  expect(best).toMatchObject({ text: 'My tooth hurts.', session_id: who.session_id });
  expect(best?.explain?.similar).toBeGreaterThan(0);
  expect(best?.explain?.window).toBe(0);
  const results = await found(who, 'dentist', { top_k: 100 });
  expect(results.every(({ session_id }) => session_id === who.session_id)).toBe(true);
});

test('filters hold for what vectors find', async () => {
  const who = world.fresh();
  await tell(who);
  expect(await found(who, 'dentist', { only_session_id: 'another' })).toEqual([]);
  expect(await found(who, 'dentist', { to: '2020-01-01' })).toEqual([]);
});

test('without an answer of the embedding model the words alone answer, in the same order as ever', async () => {
  const who = world.fresh();
  await tell(who);
  fake.byDefault(() => ({ kind: 'error', status: 503 }));
  const results = await found(who, 'salty soup');
  expect(results[0]?.text).toBe('The soup was salty.');
  expect(results.some(({ explain }) => explain && 'similar' in explain)).toBe(false);
  expect((await found(who, 'dentist')).map(({ text }) => text)).toEqual([]);
});
