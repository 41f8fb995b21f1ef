import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createOpenAIModel, type OpenAIModelSettings } from '../../src/lib/llm/openai.ts';
import { type Model, ModelError, type ReflectInput } from '../../src/lib/llm/port.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';

const AT = '2026-11-20T10:00:00.000Z';
const SECRET = 'sk-very-secret';
const PRIVATE = 'my diary says Xanadu';

const input: ReflectInput = {
  previous_summary: '',
  known_facts: [],
  messages: [
    { seq: 1, role: 'user', content: `I prefer window seats, ${PRIVATE}.`, created_at: AT },
    { seq: 2, role: 'assistant', content: 'You could try the night train.', created_at: AT },
  ],
};
const good = {
  summary: 'The user prefers window seats.',
  topics: ['travel'],
  facts: [{ text: 'User prefers window seats.', kind: 'preference', topics: ['seats'], confidence: 0.9, source_seqs: [1] }],
  insights: [{ text: 'User values the view.', source_seqs: [1] }],
};

let fake: FakeOpenAI;
beforeAll(async () => {
  fake = await startFakeOpenAI();
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.requests.length = 0;
  fake.byDefault(() => ({ kind: 'ok', json: good }));
});

function model(settings: Partial<OpenAIModelSettings> = {}): Model {
  const prices = { inputPerMillion: 2, outputPerMillion: 10 };
  return createOpenAIModel({
    baseUrl: fake.url,
    apiKey: SECRET,
    model: 'gpt-test',
    timeoutMs: 5_000,
    maxRetries: 0,
    prices,
    now: Date.now,
    ...settings,
  });
}

async function failure(work: Promise<unknown>): Promise<ModelError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelError);
  const told = `${(error as ModelError).message} ${(error as ModelError).stack} ${JSON.stringify(error)}`;
  expect(told).not.toContain('Xanadu');
  expect(told).not.toContain(SECRET);
  return error as ModelError;
}

describe('an answer', () => {
  test('comes back checked, with what it cost', async () => {
    fake.script({ kind: 'ok', json: good, usage: { prompt_tokens: 500_000, completion_tokens: 100_000 } });
    const { value, usage } = await model().reflect(input);
    expect(value).toEqual(good);
    expect(usage).toMatchObject({ model: 'gpt-test', calls: 1, tokens_in: 500_000, tokens_out: 100_000, cost: 2 });
    expect(usage.ms).toBeGreaterThanOrEqual(0);
  });

  test('is asked for by strict schema, with the key, the model and a bound on its length', async () => {
    fake.script({ kind: 'ok', json: good });
    await model().reflect(input);
    const [{ headers, body, path }] = fake.requests as [(typeof fake.requests)[0]];
    expect(path).toBe('/v1/chat/completions');
    expect(headers.authorization).toBe(`Bearer ${SECRET}`);
    expect(body).toMatchObject({
      model: 'gpt-test',
      response_format: { type: 'json_schema', json_schema: { name: 'reflection', strict: true } },
    });
    expect(body.max_completion_tokens).toBeGreaterThan(1_000);
    expect(body).not.toHaveProperty('store');
    const schema = body.response_format?.json_schema?.schema as { required: string[]; additionalProperties: boolean };
    expect(schema).toMatchObject({ required: ['summary', 'topics', 'facts', 'insights'], additionalProperties: false });
  });

  test('loses sources that do not exist, and facts that the user did not say', async () => {
    const fact = { kind: 'fact', topics: [], confidence: 0.9 };
    const facts = [
      { ...fact, text: 'User takes the night train.', source_seqs: [2] },
      { ...fact, text: 'User has a yacht.', source_seqs: [99] },
      { ...fact, text: 'User likes views.', source_seqs: [99, 1, 1] },
      { ...fact, text: 'User  is\na pilot.', source_seqs: [1] },
      { ...fact, text: 'long '.repeat(200), source_seqs: [1] },
    ];
    fake.script({ kind: 'ok', json: { ...good, facts, insights: [{ text: 'From nowhere.', source_seqs: [7] }] } });
    const { value } = await model().reflect({ ...input, injected: ['The user is a pilot'] });
    expect(value.facts.map(({ text }) => text)).toEqual(['User likes views.', expect.stringMatching(/^long .*…$/)]);
    expect(value.facts[0]?.source_seqs).toEqual([1]);
    expect(value.facts[1]?.text.length).toBeLessThanOrEqual(400);
    expect(value.insights).toEqual([]);
  });

  test('is bounded in every list and text', async () => {
    const many = Array.from({ length: 100 }, (_, index) => index);
    const facts = many.map((n) => ({
      text: `User owns boat number ${n}.`,
      kind: 'fact',
      topics: many.map(String),
      confidence: 1,
      source_seqs: [1],
    }));
    const insights = many.map((n) => ({ text: `Insight ${n}`, source_seqs: [1] }));
    fake.script({ kind: 'ok', json: { summary: 'word '.repeat(2_000), topics: many.map((n) => `topic ${n}`), facts, insights } });
    const { value } = await model().reflect(input);
    expect(value.facts).toHaveLength(40);
    expect(value.facts[0]?.topics).toHaveLength(12);
    expect(value.insights).toHaveLength(12);
    expect(value.topics).toHaveLength(12);
    expect(value.summary.length).toBeLessThanOrEqual(4_000);
  });

  test('without a usage is counted by estimate', async () => {
    fake.script({ kind: 'ok', json: good, usage: null });
    const { usage } = await model().reflect(input);
    expect(usage.tokens_in).toBeGreaterThan(200);
    expect(usage.tokens_out).toBeGreaterThan(20);
  });
});

describe('summarize and profile', () => {
  test('a summary longer than asked is cut at a sentence', async () => {
    fake.script({ kind: 'ok', json: { summary: 'The user sails on the lake. '.repeat(40) } });
    const { value } = await model().summarize({ previous_summary: 'Before.', messages: input.messages, max_tokens: 60 });
    expect(value.summary).toMatch(/lake\.$/);
    expect(value.summary.length).toBeLessThan(320);
  });

  test('an empty summary is asked for again', async () => {
    fake.script({ kind: 'ok', json: { summary: '' } }, { kind: 'ok', json: { summary: 'They sail.' } });
    const { value, usage } = await model().summarize({ previous_summary: '', messages: input.messages, max_tokens: 60 });
    expect(value.summary).toBe('They sail.');
    expect(usage).toMatchObject({ calls: 2, tokens_in: 200, tokens_out: 40 });
  });

  test('a profile has at most the statements asked for', async () => {
    fake.script({ kind: 'ok', json: { statements: ['User sails.', 'User sails.', 'User is vegan.', 'User rows.'] } });
    const { value } = await model().profile({ previous: [], facts: [], insights: [], max_statements: 2 });
    expect(value.statements).toEqual(['User sails.', 'User is vegan.']);
  });
});

describe('an answer that cannot be used is asked for once more, with what was wrong', () => {
  test.each([
    { what: 'not JSON', answer: { kind: 'text', text: 'Sure, here you go!' }, reason: 'malformed', told: /not valid JSON/ },
    {
      what: 'against the schema',
      answer: { kind: 'ok', json: { ...good, facts: [{ text: 5 }] } },
      reason: 'malformed',
      told: /facts\.0\.text/,
    },
    {
      what: 'confidence out of range',
      answer: { kind: 'ok', json: { ...good, facts: [{ ...good.facts[0], confidence: 95 }] } },
      reason: 'malformed',
      told: /facts\.0\.confidence/,
    },
    { what: 'refused', answer: { kind: 'refusal' }, reason: 'refused', told: /refusal/ },
    { what: 'filtered', answer: { kind: 'filtered' }, reason: 'refused', told: /refusal/ },
    { what: 'cut off', answer: { kind: 'truncated' }, reason: 'truncated', told: /cut off/ },
  ] as const)('$what', async ({ answer, reason, told }) => {
    fake.script(answer, { kind: 'ok', json: good });
    const { value, usage } = await model().reflect(input);
    expect(value.facts).toHaveLength(1);
    expect(usage).toMatchObject({ calls: 2, tokens_in: 200 });
    expect(fake.requests[1]?.body.messages?.at(-1)).toMatchObject({ role: 'user', content: expect.stringMatching(told) });

    fake.script(answer, answer);
    const error = await failure(model().reflect(input));
    expect(error.reason).toBe(reason);
    expect(error.usage).toMatchObject({ calls: 2, tokens_in: 200 });
    expect(error.usage.cost).toBeGreaterThan(0);
  });

  test('after a cut the model gets more room', async () => {
    fake.script({ kind: 'truncated' }, { kind: 'ok', json: good });
    await model().reflect(input);
    const [first, second] = fake.requests.map(({ body }) => body.max_completion_tokens ?? 0);
    expect(second).toBe(2 * (first ?? 0));
  });
});

describe('failures on the wire', () => {
  test('429 is tried again after Retry-After, and counted', async () => {
    fake.script({ kind: 'error', status: 429, headers: { 'retry-after-ms': '30' } }, { kind: 'ok', json: good });
    const { usage } = await model({ maxRetries: 2 }).reflect(input);
    expect(usage).toMatchObject({ calls: 2, tokens_in: 100 });
  });

  test('429 for good says how long to wait', async () => {
    fake.script({ kind: 'error', status: 429, headers: { 'retry-after': '7' } });
    expect(await failure(model().reflect(input))).toMatchObject({ reason: 'rate_limited', retry_after_ms: 7_000, usage: { calls: 1 } });
  });

  test('500 is tried again as often as set, then unavailable', async () => {
    const down = { kind: 'error', status: 500, headers: { 'retry-after-ms': '1' } } as const;
    fake.script(down, down, down);
    expect(await failure(model({ maxRetries: 2 }).reflect(input))).toMatchObject({ reason: 'unavailable', usage: { calls: 3 } });
  });

  test.each([
    [401, undefined, 'unauthorized'],
    [403, undefined, 'unauthorized'],
    [404, 'DeploymentNotFound', 'unavailable'],
    [400, 'content_filter', 'refused'],
    [400, 'context_length_exceeded', 'truncated'],
  ] as const)('%i %s is %s, and not tried again', async (status, code, reason) => {
    fake.script({ kind: 'error', status, ...(code ? { code } : {}), message: `you said ${PRIVATE} with ${SECRET}` });
    const error = await failure(model({ maxRetries: 2 }).reflect(input));
    expect(error.reason).toBe(reason);
    expect(error.message).toContain(String(status));
    expect(error.usage.calls).toBe(1);
  });

  test.each(['slow', 'stalled'] as const)('a %s answer is a timeout', async (kind) => {
    fake.script({ kind });
    expect(await failure(model({ timeoutMs: 150 }).reflect(input))).toMatchObject({ reason: 'timeout', usage: { calls: 1 } });
  });

  test.each([false, true])('a connection cut (midway: %s) is unavailable, after the retries', async (midway) => {
    fake.script({ kind: 'cut', midway });
    expect(await failure(model().reflect(input))).toMatchObject({ reason: 'unavailable' });
    fake.script({ kind: 'cut', midway }, { kind: 'ok', json: good });
    expect((await model({ maxRetries: 1 }).reflect(input)).usage.calls).toBe(2);
  });

  test('nobody there is unavailable', async () => {
    const gone = await startFakeOpenAI();
    await gone.close();
    expect(await failure(model({ baseUrl: gone.url }).reflect(input))).toMatchObject({ reason: 'unavailable' });
  });

  test('an aborted call ends at once', async () => {
    const controller = new AbortController();
    fake.script({ kind: 'slow' });
    const asked = failure(model().reflect(input, { signal: controller.signal }));
    await fake.received(1);
    controller.abort();
    expect(await asked).toMatchObject({ reason: 'aborted' });
  });

  test('what was spent before a failure is in its usage', async () => {
    fake.script({ kind: 'text', text: 'no' }, { kind: 'error', status: 500 });
    expect(await failure(model().reflect(input))).toMatchObject({
      reason: 'unavailable',
      usage: { calls: 2, tokens_in: 100, tokens_out: 20 },
    });
  });
});

describe('other servers', () => {
  test('one without json_schema gets json_object and the schema in words, and is asked so from then on', async () => {
    const refuses = { kind: 'error', status: 400, param: 'response_format', message: 'json_schema is not supported' } as const;
    fake.script(refuses, { kind: 'ok', json: good }, { kind: 'ok', json: good });
    const shared = model();
    expect((await shared.reflect(input)).value.facts).toHaveLength(1);
    await shared.reflect(input);
    expect(fake.requests.map(({ body }) => body.response_format?.type)).toEqual(['json_schema', 'json_object', 'json_object']);
    expect(fake.requests[1]?.body.messages?.[0]?.content).toContain('"source_seqs"');
  });

  test('one without any response_format is understood through its Markdown', async () => {
    const refuses = { kind: 'error', status: 400, message: 'Unrecognized request argument: response_format' } as const;
    fake.script(refuses, refuses, { kind: 'text', text: `Here you are:\n\`\`\`json\n${JSON.stringify(good)}\n\`\`\`` });
    expect((await model().reflect(input)).value.facts).toHaveLength(1);
    expect(fake.requests[2]?.body.response_format).toBeUndefined();
  });

  test('one that knows only max_tokens gets it', async () => {
    fake.script({ kind: 'error', status: 400, param: 'max_completion_tokens' }, { kind: 'ok', json: good });
    await model().reflect(input);
    expect(fake.requests[1]?.body.max_tokens).toBeGreaterThan(0);
  });

  test('two calls that learn at the same time both come through', async () => {
    fake.byDefault(({ body }) =>
      body.response_format?.type === 'json_schema' ? { kind: 'error', status: 400, param: 'response_format' } : { kind: 'ok', json: good },
    );
    const shared = model();
    const answers = await Promise.all([shared.reflect(input), shared.reflect(input), shared.reflect(input)]);
    expect(answers.map(({ value }) => value.facts.length)).toEqual([1, 1, 1]);
  });

  test('OpenAI and Azure are told not to store; others only when set', async () => {
    fake.script({ kind: 'ok', json: good });
    await model({ sendStore: true }).reflect(input);
    expect(fake.requests[0]?.body.store).toBe(false);
  });

  test('a token provider is asked for each request, and its failure names no secret', async () => {
    let asked = 0;
    const tokens = model({
      tokenProvider: async () => {
        asked += 1;
        if (asked > 2) throw new Error(`no token for ${SECRET}`);
        return `token-${asked}`;
      },
    });
    fake.script({ kind: 'ok', json: good }, { kind: 'ok', json: good });
    await tokens.reflect(input);
    await tokens.reflect(input);
    expect(fake.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(await failure(tokens.reflect(input))).toMatchObject({ reason: 'unauthorized', usage: { calls: 0 } });
  });
});

describe('ping', () => {
  test('resolves when the server answers, with a list of models or without', async () => {
    await model().ping?.();
    expect(fake.requests[0]).toMatchObject({ method: 'GET', path: '/v1/models' });
    fake.script({ kind: 'error', status: 404 });
    await model().ping?.();
  });

  test('rejects when it cannot be used', async () => {
    fake.script({ kind: 'error', status: 401 });
    expect(await failure(model().ping!())).toMatchObject({ reason: 'unauthorized' });
    fake.script({ kind: 'slow' });
    expect(await failure(model({ timeoutMs: 100 }).ping!())).toMatchObject({ reason: 'timeout' });
  });
});
