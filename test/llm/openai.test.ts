import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OpenAIModelSettings } from '../../src/lib/llm/openai-client.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { failure, good, input, modelAt, SECRET } from './openai-asked.ts';

let fake: FakeOpenAI;
beforeAll(async () => {
  fake = await startFakeOpenAI();
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.requests.length = 0;
  fake.byDefault(() => ({ kind: 'ok', json: good }));
});
const model = (settings: Partial<OpenAIModelSettings> = {}) => modelAt(fake.url, settings);

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
