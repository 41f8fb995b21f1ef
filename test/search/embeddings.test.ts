import { readFileSync } from 'node:fs';
import type { CosmosClient } from '@azure/cosmos';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { settingOf } from '../../src/lib/config/settings.ts';
import { addFact } from '../../src/lib/memory/facts/add.ts';
import { editFact } from '../../src/lib/memory/facts/edit.ts';
import { forgetFact } from '../../src/lib/memory/facts/forget.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { expireSession } from '../../src/lib/memory/retention/expire-session.ts';
import { forgetSession } from '../../src/lib/memory/retention/forget-session.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { embedMissing } from '../../src/lib/memory/vectors/embed-missing.ts';
import { neighbours } from '../../src/lib/memory/vectors/neighbours.ts';
import { VECTOR_DIMENSIONS } from '../../src/lib/model-vectors.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import { AddFactRequest } from '../../src/lib/requests-facts.ts';
import { createServices, type Services } from '../../src/lib/services.ts';
import { memoryPartition } from '../../src/lib/tiers/keys.ts';
import { clientOf } from '../dev/cosmos/stand.ts';
import { conceptVector, vectorsFor } from '../support/concepts.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, say } from '../support/talk.ts';

type Who = ReturnType<Instances['fresh']>;

let fake: FakeOpenAI;
let world: Instances;
let services: Services;
let beside: CosmosClient;
beforeAll(async () => {
  fake = await startFakeOpenAI();
  world = await startInstances({
    settings: { EMBEDDING_MODEL: 'first', EMBEDDING_BASE_URL: fake.url, EMBEDDING_PRICE_PER_MILLION: '10', MODEL_MAX_RETRIES: '0' },
  });
  services = world.instance();
  beside = clientOf(world.cosmos);
});
afterAll(async () => {
  beside.dispose();
  await world.stop();
  await fake.close();
});
beforeEach(() => {
  fake.requests.length = 0;
  fake.byDefault(vectorsFor);
});

const always = { timeUp: () => false };
const embed = (who: Who, by = services, box = always) => embedMissing(by, ownerIs(who), box);
const near = async (who: Who, query: string, by = services) => {
  const found = await neighbours(by, ownerIs(who), { query, limit: 5 });
  return found?.filter(({ similarity }) => similarity > 0.5);
};
const asked = () => fake.requests.filter(({ path }) => path.endsWith('/embeddings'));

/** Another instance on the same tiers, with another embedding model. */
function withModel(name: string, settings: { dimensions?: number; baseUrl?: string } = {}): Services {
  const { config, now } = services;
  const { embedding } = config;
  if (embedding === undefined) throw new Error('there is an embedding model in this test');
  const model = { name, ...(settings.dimensions && { dimensions: settings.dimensions }) };
  const other = createServices({ ...config, embedding: { ...embedding, model, baseUrl: settings.baseUrl ?? embedding.baseUrl } }, now);
  return { ...other, ring: services.ring, writes: undefined };
}

async function end(who: Who): Promise<void> {
  await endSession(services, ownerIs(who), { ...who, wait_ms: 0 });
  for (const { queue, payload } of world.rung.splice(0)) if (queue === 'reflect') await runJob(services, Doorbell.parse(payload));
}

/** The documents of a user whose ids begin so, as Cosmos DB has them. */
async function documents(who: Who, prefix: string): Promise<Record<string, unknown>[]> {
  const query = 'SELECT * FROM c WHERE c.pk = @pk AND STARTSWITH(c.id, @prefix)';
  const parameters = [
    { name: '@pk', value: memoryPartition(ownerIs(who)) },
    { name: '@prefix', value: prefix },
  ];
  return (await beside.database('keepsake').container('memory').items.query({ query, parameters }).fetchAll()).resources;
}

describe('memories in other words', () => {
  test('are found though they share no word with the query', async () => {
    const who = world.fresh();
    await say(services, who, 'My tooth has been hurting since Monday.');
    await say(services, who, 'We went sailing on the lake.');
    const { embedded, left } = await embed(who);
    expect({ embedded, left }).toEqual({ embedded: 4, left: false });
    const found = await near(who, 'When did I need a dentist?');
    expect(found?.[0]).toMatchObject({ seq: 1, item: expect.stringContaining(who.session_id) });
    expect(found?.[0]?.similarity).toBeCloseTo(1);
    expect(found?.some(({ seq }) => seq === 3)).toBe(false);
  });

  test("are never another user's", async () => {
    const [mine, theirs] = [world.fresh(), world.fresh()];
    await say(services, mine, 'We went sailing on the lake.');
    await say(services, theirs, 'My tooth hurts.');
    await embed(mine);
    await embed(theirs);
    expect(await near(mine, 'dentist')).toEqual([]);
    expect(await near(theirs, 'dentist')).not.toEqual([]);
  });

  test('are messages, facts, insights and summaries', async () => {
    const who = world.fresh();
    await say(services, who, 'I love sailing on the lake and I live in Berlin.');
    await end(who);
    await addFact(services, ownerIs(who), { request: AddFactRequest.parse({ text: 'User plays the piano.' }) });
    await embed(who);
    const kinds = new Set((await documents(who, 'v|')).map(({ item }) => String(item).slice(0, 2)));
    expect(kinds).toContain('a|');
    expect(kinds).toContain('m|');
    expect((await near(who, 'keyboard instrument'))?.map(({ item }) => item.slice(0, 2))).toEqual(['m|']);
  });
});

describe('the work', () => {
  test('is never done in a store, and what has its vector is not asked for again', async () => {
    const who = world.fresh();
    await say(services, who, 'My tooth hurts.');
    expect(asked()).toEqual([]);
    await embed(who);
    expect(asked()).toHaveLength(1);
    await embed(who);
    expect(asked()).toHaveLength(1);
    await say(services, who, 'We went sailing.');
    expect(await embed(who)).toEqual({ embedded: 2, left: false });
    expect(asked().at(-1)?.body.input).toEqual(['We went sailing.', 'You said: We went sailing.']);
  });

  test('is counted as embed, for whom it was done', async () => {
    const who = world.fresh();
    await say(services, who, 'My tooth hurts.');
    await embed(who);
    await services.ledger.flush();
    const query = {
      query: 'SELECT VALUE r FROM c JOIN r IN c.rows WHERE r.user_id = @user',
      parameters: [{ name: '@user', value: who.user_id }],
    };
    const { resources } = await beside.database('keepsake').container('ops').items.query(query).fetchAll();
    expect(resources).toContainEqual(expect.objectContaining({ work: 'embed', calls: 1, tokens_in: 7, cost: 0.00007 }));
  });

  test('goes on where it stopped', async () => {
    const who = world.fresh();
    for (let n = 0; n < 60; n++) await say(services, who, `We went sailing ${n} times.`);
    let slices = 0;
    const first = await embed(who, services, { timeUp: () => slices++ > 0 });
    expect(first.left).toBe(true);
    expect(first.embedded).toBeGreaterThan(0);
    const rest = await embed(who);
    expect(rest.left).toBe(false);
    expect(first.embedded + rest.embedded).toBe(120);
  });

  test('embeds an edited text anew', async () => {
    const who = world.fresh();
    const { id } = await addFact(services, ownerIs(who), { request: AddFactRequest.parse({ text: 'User plays the piano.' }) });
    await embed(who);
    await editFact(services, ownerIs(who), { fact_id: id, edit: { text: 'User loves sailing.' }, condition: {} });
    await embed(who);
    expect(await near(who, 'piano')).toEqual([]);
    expect(await near(who, 'boat')).toHaveLength(1);
  });
});

describe('another model', () => {
  test('is prepared while the old one answers, then the old vectors go', async () => {
    const who = world.fresh();
    for (let n = 0; n < 30; n++) await say(services, who, n === 7 ? 'My tooth hurts.' : `We went sailing ${n} times.`);
    await embed(who);
    const second = withModel('second', { dimensions: 384 });
    let slices = 0;
    expect((await embed(who, second, { timeUp: () => slices++ > 0 })).left).toBe(true);
    fake.requests.length = 0;
    expect((await near(who, 'dentist', second))?.[0]?.seq).toBe(15);
    expect(asked().map(({ body }) => body.model)).toEqual(['first']);

    expect((await embed(who, second)).left).toBe(false);
    fake.requests.length = 0;
    expect((await near(who, 'dentist', second))?.[0]?.seq).toBe(15);
    expect(asked().map(({ body }) => [body.model, body.dimensions])).toEqual([['second', 384]]);
    const vectors = await documents(who, 'v|');
    expect(new Set(vectors.map(({ model, dimensions, version }) => `${model} ${dimensions} ${version}`))).toEqual(
      new Set(['second@384 384 second-2026']),
    );
    expect(vectors).toHaveLength(60);
    await second.close();
  });

  test('may be given up for the old one, which never stopped answering', async () => {
    const who = world.fresh();
    for (let n = 0; n < 30; n++) await say(services, who, `My tooth hurts ${n}.`);
    await embed(who);
    const second = withModel('second');
    let slices = 0;
    await embed(who, second, { timeUp: () => slices++ > 0 });
    const requests = asked().length;
    expect(await embed(who)).toEqual({ embedded: 0, left: false });
    expect(asked()).toHaveLength(requests);
    expect(new Set((await documents(who, 'v|')).map(({ model }) => model))).toEqual(new Set(['first']));
    await second.close();
  });

  test('of a length that has no place is an error that names the setting', async () => {
    const who = world.fresh();
    await say(services, who, 'My tooth hurts.');
    fake.byDefault(({ body }) => ({ kind: 'vectors', vectors: (body.input ?? []).map(() => [1, 2, 3]) }));
    await expect(embed(who)).rejects.toThrow(/EMBEDDING_DIMENSIONS/);
  });
});

describe('forgetting', () => {
  test('a session takes its vectors along', async () => {
    const who = world.fresh();
    await say(services, who, 'I live in Berlin and my tooth hurts.');
    await embed(who);
    expect((await documents(who, 'v|')).length).toBeGreaterThan(0);
    await forgetSession(services, ownerIs(who), { session_id: who.session_id, bound: false });
    expect(await documents(who, 'v|')).toEqual([]);
    expect(await near(who, 'dentist')).toEqual([]);
  });

  test('so does retention', async () => {
    const who = world.fresh();
    await say(services, who, 'My tooth hurts.');
    await end(who);
    await embed(who);
    const head = await services.warm.sessions.readHead(ownerIs(who), who.session_id);
    expect(await expireSession(services, ownerIs(who), head!)).toBe(true);
    expect(await documents(who, 'v|a|')).toEqual([]);
  });

  test('and a fact', async () => {
    const who = world.fresh();
    const { id } = await addFact(services, ownerIs(who), { request: AddFactRequest.parse({ text: 'User plays the piano.' }) });
    await embed(who);
    expect(await near(who, 'piano')).toHaveLength(1);
    await forgetFact(services, ownerIs(who), id);
    expect(await documents(who, 'v|')).toEqual([]);
  });

  test('while vectors are being computed: none is written back', async () => {
    const who = world.fresh();
    await say(services, who, 'My tooth hurts.');
    let forgotten: Promise<unknown> | undefined;
    fake.byDefault((request) => {
      forgotten ??= forgetSession(services, ownerIs(who), { session_id: who.session_id, bound: false });
      return { ...vectorsFor(request), after: forgotten };
    });
    await embed(who);
    await forgotten;
    expect(await documents(who, 'v|')).toEqual([]);
  });
});

describe('a search', () => {
  test('goes on by words alone when the server is down, slow, or there are no vectors yet', async () => {
    const who = world.fresh();
    await say(services, who, 'My tooth hurts.');
    expect(await near(who, 'dentist')).toBeUndefined();
    expect(asked()).toEqual([]);
    await embed(who);
    fake.byDefault(() => ({ kind: 'cut' }));
    expect(await near(who, 'dentist')).toBeUndefined();
    const down = withModel('first', { baseUrl: 'http://127.0.0.1:1/v1' });
    for (let n = 0; n < 7; n++) expect(await near(who, 'dentist', down)).toBeUndefined();
    expect(down.embeddings?.breaker.admits()).toBe(false);
    const slow = { ...services, embeddings: { ...services.embeddings!, waitMs: 50 } };
    fake.byDefault(() => ({ kind: 'slow' }));
    expect(await near(who, 'dentist', slow)).toBeUndefined();
    await down.close();
  });

  test('asks nothing without an embedding model', async () => {
    const who = world.fresh();
    const off = { ...services, embeddings: undefined };
    await say(off, who, 'My tooth hurts.');
    expect(await embed(who, off)).toEqual({ embedded: 0, left: false });
    expect(await near(who, 'dentist', off)).toBeUndefined();
    expect(asked()).toEqual([]);
  });
});

test('every length that is allowed has a path in the container', () => {
  const lengths = JSON.parse(readFileSync('infra/cosmos-vectors.json', 'utf8')) as { memory: number[] };
  expect(lengths.memory).toEqual([...VECTOR_DIMENSIONS]);
  expect(settingOf('EMBEDDING_DIMENSIONS').rule.says).toBe(`one of ${VECTOR_DIMENSIONS.join(', ')}`);
});

test('the fake server knows its words', () => {
  expect(conceptVector('a dentist', 256)).toEqual(conceptVector('my tooth', 256));
  expect(conceptVector('a boat', 256)).not.toEqual(conceptVector('my tooth', 256));
});
