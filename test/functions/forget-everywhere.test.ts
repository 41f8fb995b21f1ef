import { CosmosClient } from '@azure/cosmos';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '../support/api.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

const GONE = /Lisbon/;

let stack: Stack;
let cosmos: CosmosClient;
let redis: Redis;
beforeAll(async () => {
  stack = await startStack({ apps: 2, settings: { LOG_LEVEL: 'error' } });
  const { endpoint, key } = stack.cosmos;
  cosmos = new CosmosClient({ endpoint, key, connectionPolicy: { enableEndpointDiscovery: false } });
  redis = new Redis(stack.redis.url);
  redis.on('error', () => {});
});
afterAll(async () => {
  redis.disconnect();
  cosmos.dispose();
  await stack.stop();
});

const api = (app = 0) => stack.api(app);
const memory = () => cosmos.database('keepsake').container('memory').items;
const documents = async (): Promise<Json[]> => (await memory().readAll().fetchAll()).resources;

interface Who {
  user: string;
  chat: string;
  transcript: string;
}

/** A user who told where it lives in a long chat, whose buffer overflowed, and in a transcript. */
async function resident(): Promise<Who> {
  const user = `u-${crypto.randomUUID()}`;
  const [chat, transcript] = [`${user}-chat`, `${user}-transcript`];
  await api().request('PUT', `/sessions/${chat}/config?user_id=${user}`, { body: { max_buffer_messages: 6 } });
  const exchange = { user_message: 'I live in Lisbon. I own a red bicycle.', agent_message: 'Lisbon is lovely!' };
  await api().post('/memory/store', { user_id: user, session_id: chat, ...exchange });
  for (let n = 0; n < 5; n++)
    await api().post('/memory/store', { user_id: user, session_id: chat, user_message: `I had lunch ${n}.`, agent_message: 'Good.' });
  const summarised = async () => (await api().get(`/sessions/${chat}`)).body.summary;
  await waitFor(summarised, { what: 'a rolling summary', timeoutMs: 60_000 });
  await api().post(`/sessions/${chat}/summaries?user_id=${user}`, { summary: 'The user lives in Lisbon. They own a bicycle.' });
  await api().post('/sessions/end', { user_id: user, session_id: chat, wait_ms: 30_000 });
  const session_data = 'User: I live in Lisbon and I prefer window seats.\nAssistant: Lisbon it is.\nUser: I play the cello.';
  await api().post(`/memory/${user}/store_raw`, { session_data, session_id: transcript, metadata: { user_id: user } });
  const processed = async () =>
    (await api().get(`/memory/${user}/hierarchy?memory_type=raw`)).body.results.raw_transcripts.some(
      (raw: Json) => raw.status === 'processed',
    );
  await waitFor(processed, { what: 'the transcript', timeoutMs: 60_000 });
  return { user, chat, transcript };
}

/** Every answer about the user, without the messages themselves, which are evidence. */
async function answers({ user, chat, transcript }: Who, app: number): Promise<Record<string, Json>> {
  const get = async (path: string) => (await api(app).get(path)).body;
  const post = async (path: string, body: object) => (await api(app).post(path, { user_id: user, ...body })).body;
  const context = async (session_id: string, query?: string) => {
    const { messages, active_context, formatted_context = '', ...rest } = await post('/memory/context', { session_id, query });
    return { ...rest, told: formatted_context.split('### Recent Conversation')[0] };
  };
  const session = async (id: string) => {
    const { raw_transcript, ...rest } = await get(`/memory/${user}/session/${id}`);
    return { ...rest, raw: raw_transcript && { ...raw_transcript, session_data: '' } };
  };
  const start = async () => {
    const { messages, active_context, ...rest } = await post('/sessions/start', { session_id: `${chat}-next` });
    return rest;
  };
  const found = async (wanted: object) => (await post('/memory/retrieve', { top_k: 100, ...wanted })).results; // the rest is the query
  const buffer = async (id: string) => (await get(`/sessions/${id}/context?user_id=${user}`)).current_summary;
  return {
    context: await context(chat),
    contextOfTranscript: await context(transcript),
    contextWithQuery: await context(chat, 'Where in Lisbon do I live?'),
    start: await start(),
    retrieve: await found({ query: 'live in Lisbon', kinds: ['fact', 'insight', 'summary'] }),
    retrieveMessages: await found({ query: 'Lisbon', kinds: ['turn'] }),
    retrieveBicycle: await found({ query: 'red bicycle' }),
    contextElsewhere: await context(`${chat}-next`, 'Where in Lisbon do I live, and what is my bicycle like?'),
    retrieveClosed: await found({ query: 'Lisbon', kinds: ['fact'], include_closed: true }),
    insights: await post('/insights', {}),
    summaries: await post('/summaries', { limit: 100 }),
    sessions: await get(`/users/${user}/sessions?limit=100`),
    facts: await get(`/users/${user}/facts?limit=100`),
    allFacts: await get(`/users/${user}/facts?limit=100&status=all`),
    believed: await get(`/users/${user}/facts?limit=100&as_of=${new Date().toISOString()}`),
    hierarchy: await get(`/memory/${user}/hierarchy?limit=100`),
    namespaceStats: await get(`/memory/${user}/stats`),
    hierarchySession: await session(chat),
    hierarchyTranscript: await session(transcript),
    record: await get(`/sessions/${chat}`),
    recordOfTranscript: await get(`/sessions/${transcript}`),
    stats: await get(`/sessions/${chat}/stats`),
    history: await get(`/sessions/${chat}/summaries?limit=100&epoch=all`),
    buffer: await buffer(chat),
    bufferOfTranscript: await buffer(transcript),
    jobs: await get('/jobs?limit=100'),
    usage: await get(`/usage?user_id=${user}`),
  };
}
const saying = (of: Record<string, Json>): string[] =>
  Object.entries(of).flatMap(([route, answer]) => (GONE.test(JSON.stringify(answer)) ? [route] : []));

/** Is it in no answer of any process, in no document but the messages, and in no copy but theirs? */
async function expectGone(who: Who, when: string): Promise<void> {
  for (const app of [0, 1]) {
    expect(saying(await answers(who, app)), when).toEqual([]);
  }
  const kinds = (await documents()).filter((one) => one.pk?.includes(who.user) && GONE.test(JSON.stringify(one))).map(({ kind }) => kind);
  expect(
    [...new Set(kinds)].filter((kind) => kind !== 'append' && kind !== 'segment'),
    when,
  ).toEqual([]);
  for (const key of (await redis.keys('*')).filter((name) => name.includes(who.user))) {
    const type = await redis.type(key);
    const text = type === 'string' ? await redis.get(key) : type === 'hash' ? JSON.stringify(await redis.hgetall(key)) : '';
    expect(text, `${when}: ${key}`).not.toMatch(GONE);
  }
}

test('a forgotten fact is in no answer of any route: after forgetting, reading again, and the loss of the index', async () => {
  const who = await resident();
  const { user, chat, transcript } = who;
  const before = saying(await answers(who, 1));
  const told = ['context', 'start', 'retrieve', 'summaries', 'facts', 'hierarchy', 'hierarchyTranscript', 'record', 'history', 'buffer'];
  expect(before).toEqual(expect.arrayContaining(told));

  const { body } = await api().post(`/users/${user}/forget`, { query: 'lives in Lisbon' });
  expect(body.count, JSON.stringify(body)).toBeGreaterThan(0);
  await expectGone(who, 'after forgetting');
  const left = (await api().post('/memory/retrieve', { user_id: user, query: 'red bicycle', kinds: ['turn'] })).body.results[0];
  expect(left.text).toBe('I own a red bicycle.'); // the rest of the message is still found
  const facts = JSON.stringify((await api().get(`/users/${user}/facts?limit=100`)).body);
  expect(facts).toMatch(/bicycle/);
  expect(facts).toMatch(/cello/);

  // As if the sessions had never been reflected on, and then once more.
  for (const session of [chat, transcript]) {
    const head = (await documents()).find((one) => one.id === `s|${session}`);
    await memory().upsert({ ...head, reflected_through: 0, summary_id: null, end_job_id: null, status: 'open', ended_at: null });
    const { body: ended } = await api(1).post('/sessions/end', { user_id: user, session_id: session, wait_ms: 30_000 });
    expect(ended.summary_generated, JSON.stringify(ended)).toBe(true);
  }
  await expectGone(who, 'after reading the same turns again');

  // The transcript is handed in once more, and read in the time before the forgetting.
  const session_data = 'User: I live in Lisbon and I prefer aisle seats.\nAssistant: Noted.';
  const again = { session_data, session_id: `${transcript}-2`, metadata: { user_id: user, timestamp: '2024-05-01T10:00:00Z' } };
  await api().post(`/memory/${user}/store_raw`, again);
  const processed = async () =>
    (await api().get(`/memory/${user}/hierarchy?memory_type=raw&session_id=${transcript}-2`)).body.results.raw_transcripts[0].status ===
    'processed';
  await waitFor(processed, { what: 'the second transcript', timeoutMs: 60_000 });
  await expectGone(who, 'after an old transcript');

  for (const { id, pk } of (await documents()).filter((one) => /^[xv]\|/.test(one.id)))
    await cosmos.database('keepsake').container('memory').item(id, pk).delete();
  await stack.restartApp(0);
  await expectGone(who, 'after the loss of the index');
  const { body: messages } = await api().get(`/sessions/${chat}/messages`);
  expect(JSON.stringify(messages)).toMatch(GONE);
}, 180_000);
