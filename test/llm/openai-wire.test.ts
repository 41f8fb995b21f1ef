import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OpenAIModelSettings } from '../../src/lib/llm/openai-client.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { failure, good, input, modelAt, PRIVATE, SECRET } from './openai-asked.ts';

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
