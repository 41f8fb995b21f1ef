import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cutToTokens, embedBatches } from '../../src/lib/llm/embed-batches.ts';
import { createOpenAIEmbedder, type EmbedderSettings } from '../../src/lib/llm/openai-embed.ts';
import { ModelError } from '../../src/lib/llm/port.ts';
import { estimateTokens } from '../../src/lib/llm/tokens.ts';
import { type FakeAnswer, type FakeOpenAI, type FakeRequest, startFakeOpenAI } from '../support/fake-openai.ts';

const SECRET = 'sk-very-secret';

let fake: FakeOpenAI;
beforeAll(async () => {
  fake = await startFakeOpenAI();
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.requests.length = 0;
  fake.byDefault(({ body }) => ({ kind: 'vectors', vectors: inputsOf(body).map(vectorOf) }));
});

const inputsOf = (body: FakeRequest['body']): string[] => body.input ?? [];
/** As long as the text, and told apart by it. */
const vectorOf = (text: string): number[] => [text.length, text.charCodeAt(0) || 0, 0.1];

const embedder = (settings: Partial<EmbedderSettings> = {}) =>
  createOpenAIEmbedder({
    baseUrl: fake.url,
    apiKey: SECRET,
    model: { name: 'embed-test' },
    timeoutMs: 5000,
    maxRetries: 0,
    pricePerMillion: 2,
    now: Date.now,
    ...settings,
  });

async function failure(work: Promise<unknown>): Promise<ModelError> {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ModelError);
  expect(`${(error as ModelError).message} ${JSON.stringify(error)}`).not.toMatch(/diary|sk-very/);
  return error as ModelError;
}

describe('embedding', () => {
  test.each([
    ['as base64', false],
    ['as numbers', true],
  ])('gives one vector a text, sent %s', async (_, numbers) => {
    fake.byDefault(({ body }) => ({ kind: 'vectors', vectors: inputsOf(body).map(vectorOf), numbers, usage: { prompt_tokens: 500_000 } }));
    const { vectors, model, usage } = await embedder().embed(['b', 'aa']);
    expect(vectors).toEqual([vectorOf('b'), vectorOf('aa')]);
    expect(model).toBe('embed-test-2026');
    expect(usage).toMatchObject({ model: 'embed-test', calls: 1, tokens_in: 500_000, tokens_out: 0, cost: 1 });
    expect(fake.requests[0]).toMatchObject({ path: '/v1/embeddings', body: { model: 'embed-test', input: ['b', 'aa'] } });
    expect(fake.requests[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);
    expect(fake.requests[0]?.body).not.toHaveProperty('dimensions');
  });

  test('asks for dimensions when they are set, and may ask another model of the server', async () => {
    await embedder({ model: { name: 'embed-test', dimensions: 3 } }).embed(['a']);
    await embedder().embed(['a'], { as: { name: 'older', dimensions: 3 } });
    expect(fake.requests.map(({ body }) => [body.model, body.dimensions])).toEqual([
      ['embed-test', 3],
      ['older', 3],
    ]);
  });

  test('asks nothing for texts without a word', async () => {
    const { vectors } = await embedder().embed(['', '  ', 'a']);
    expect(vectors).toEqual([[], [], vectorOf('a')]);
    expect(fake.requests.map(({ body }) => body.input)).toEqual([['a']]);
  });

  test('leaves out only the text that the server does not take, and half of one that is too long', async () => {
    const tooLong: FakeAnswer = { kind: 'error', status: 400, param: 'input', message: 'maximum context length is 8192 tokens' };
    fake.byDefault(({ body }) => {
      const inputs = inputsOf(body);
      if (inputs.some((text) => text.startsWith('never') || text.length > 3000)) return tooLong;
      return { kind: 'vectors', vectors: inputs.map(vectorOf) };
    });
    const long = 'word '.repeat(900);
    const { vectors } = await embedder().embed(['a', 'never this', long, 'b']);
    expect(vectors[0]).toEqual(vectorOf('a'));
    expect(vectors[1]).toEqual([]);
    expect(vectors[2]?.[0]).toBeGreaterThan(1500);
    expect(vectors[3]).toEqual(vectorOf('b'));
  });

  test.each([
    ['rate_limited', { kind: 'error', status: 429, headers: { 'retry-after': '30' } }],
    ['unavailable', { kind: 'cut' }],
    ['unauthorized', { kind: 'error', status: 401, message: 'my diary' }],
    ['refused', { kind: 'error', status: 400, param: 'dimensions', message: 'dimensions are not for this model' }],
    ['malformed', { kind: 'vectors', vectors: [[1, 2]] }],
    ['malformed', { kind: 'vectors', vectors: [[1], [1, 2]] }],
    ['malformed', { kind: 'text', text: 'hello' }],
  ] as [string, FakeAnswer][])('fails as %s', async (reason, answer) => {
    fake.byDefault(() => answer);
    expect((await failure(embedder().embed(['my diary', 'b']))).reason).toBe(reason);
    expect(fake.requests.length).toBeLessThan(2);
  });

  test('stops when it is told to', async () => {
    fake.byDefault(() => ({ kind: 'slow' }));
    expect((await failure(embedder().embed(['my diary'], { signal: AbortSignal.timeout(50) }))).reason).toBe('aborted');
  });
});

describe('batches', () => {
  test('hold at most 2,048 texts and so many tokens, and keep the order', () => {
    expect(embedBatches(Array.from({ length: 5000 }, (_, n) => `t${n}`)).map((batch) => batch.length)).toEqual([2048, 2048, 904]);
    const long = 'A few words more. '.repeat(1000);
    const batches = embedBatches(Array.from({ length: 100 }, () => long));
    expect(batches.length).toBeGreaterThan(1);
    expect(batches.flat().map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  test('a text beyond what models read is cut, never in the middle of a character', () => {
    const text = '😀 words '.repeat(20_000);
    const { text: cut } = cutToTokens(text, 5000);
    expect(estimateTokens(cut)).toBeLessThanOrEqual(5000);
    expect(cut.isWellFormed()).toBe(true);
    expect(text.startsWith(cut)).toBe(true);
    expect(cutToTokens('short', 5000).text).toBe('short');
  });
});
