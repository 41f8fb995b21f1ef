// What document 3 says of trouble, example by example: health checks, graceful degradation, circuit breaker.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { createMemoryClient, type Session } from '../../src/lib/client/client.ts';
import { sessionBuffer } from '../../src/lib/tiers/keys.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { onStandIn } from '../support/test-redis.ts';
import { waitFor } from '../support/wait.ts';

const BREAKER_FAILURES = 5; // of the document's breaker, and ours

let model: FakeOpenAI;
let stack: Stack;
const warnings: string[] = [];
beforeAll(async () => {
  model = await startFakeOpenAI();
  stack = await startStack({
    settings: { BREAKER_RESET_SECONDS: '1', MODEL_PROVIDER: 'compatible', OPENAI_BASE_URL: model.url, MODEL_MAX_RETRIES: '0' },
    onLine: (line) => void (line.includes('hot_value_garbled') && warnings.push(line)),
  });
}, 120_000);
afterAll(() => Promise.all([model.close(), stack.stop()]));

const manager = () => createMemoryClient({ baseUrl: `${stack.api().url}/api` });
const open = (): Session => manager().session(`session_${randomUUID()}`);

/** What happens while Redis refuses every connection; afterwards it is there again, and believed again. */
async function whileRedisIsDown(work: () => Promise<void>): Promise<void> {
  stack.redis.faults.refuse(true);
  try {
    await work();
  } finally {
    stack.redis.faults.refuse(false);
    const closed = async () => {
      await stack.api().get('/stats'); // a call, for the breaker to let through
      const { status } = await stack.api().get(`/sessions/s-${randomUUID()}/fields`);
      return status === 200;
    };
    await waitFor(closed, { what: 'Redis to be used again', timeoutMs: 20_000 });
  }
}

describe('Health Checks', () => {
  onStandIn('the memory is available without Redis, and says that its breaker is open', async () => {
    const session = open();
    await session.messages.add('user', 'before');
    await whileRedisIsDown(async () => {
      for (let n = 0; n < BREAKER_FAILURES; n++) await session.messages.add('user', `call ${n}`);
      expect(await manager().available()).toBe(true);
      const stats = await session.stats();
      expect(stats.redis).toMatchObject({ available: false, breaker: expect.stringMatching(/^(open|half-open)$/) });
    });
  });
});

describe('Graceful Degradation', () => {
  onStandIn('1. Redis Unavailable: messages and contexts go on from Cosmos DB, marked, and nothing is lost', async () => {
    const session = open();
    await session.messages.add('user', 'before');
    await whileRedisIsDown(async () => {
      expect(await session.messages.add('user', 'meanwhile')).toMatchObject({ seq: 2, degraded: ['redis'] });
      const context = await session.buffer();
      expect(context.degraded).toEqual(['redis']);
      expect(context.buffer_messages.map(({ content }) => content)).toEqual(['before', 'meanwhile']);
    });
    const context = await session.buffer();
    expect(context.buffer_messages.map(({ content }) => content)).toEqual(['before', 'meanwhile']);
    expect(context.degraded).toBeUndefined();
  });

  onStandIn('2. Serialization Errors: one warning, and the raw text where the store behind it does not answer either', async () => {
    const session = open();
    await session.messages.add('user', 'first');
    await session.messages.add('user', 'second');
    await session.buffer();
    const redis = stack.redis.connect();
    await redis.lset(sessionBuffer('default', session.id), 1, '{"seq":2,"content":"half');
    redis.disconnect();
    const outage = stack.cosmos.faults.add({ action: { status: 503 } });
    try {
      const messages = await session.messages.list();
      expect(messages).toMatchObject([
        { content: 'first', role: 'user' },
        { seq: 2, content: '{"seq":2,"content":"half', raw: true },
      ]);
    } finally {
      outage.remove();
    }
    await waitFor(() => warnings.some((line) => line.includes(session.id)), { what: 'the warning' });
    const healed = async () => (await session.messages.list())[1]?.content === 'second';
    await waitFor(healed, { what: 'the message to be read from Cosmos DB', timeoutMs: 20_000 });
  });

  // 3. Token Counting Errors: test/llm/tokens-exact.test.ts takes the vocabulary away; the counter estimates and says so.
  onStandIn('3. Token Counting Errors: what is not counted exactly says so', async () => {
    const session = open();
    await session.messages.add('user', 'I want to buy a laptop');
    const { token_method, total_tokens } = await session.buffer();
    const exact = await manager().countTokens([{ content: 'I want to buy a laptop' }]);
    expect([token_method, exact.method]).toEqual(['estimate', 'o200k_base']);
    expect(Math.abs(total_tokens - exact.total_tokens), 'on a text this short').toBeLessThanOrEqual(1);
  });

  onStandIn('4. Summary Generation Errors: no summary, and the buffer keeps everything', async () => {
    model.byDefault(() => ({ kind: 'error', status: 500 }));
    const session = open();
    await session.configure({ max_buffer_messages: 4 });
    for (let n = 1; n <= 6; n++) await session.messages.add('user', `remark ${n}`);
    await model.received(1);
    const failed = async () => {
      const { jobs } = (await stack.api().get(`/jobs?session_id=${session.id}&kind=summarize`)).body;
      return jobs.some(({ attempts, error }: { attempts: number; error?: string }) => attempts > 0 && error);
    };
    await waitFor(failed, { what: 'the summary to fail', timeoutMs: 20_000 });
    const context = await session.buffer();
    expect(context).toMatchObject({ current_summary: '', message_count: 6, buffer_info: { over_limit: true } });
    expect(context.buffer_messages).toHaveLength(6);
  });
});

describe('Circuit Breaker Pattern', () => {
  onStandIn('Automatic failure detection: open after five failures, tried again after a while', async () => {
    const session = open();
    expect((await session.messages.add('user', 'before')).degraded).toBeUndefined();
    expect((await session.stats()).redis.breaker).toBe('closed');
    await whileRedisIsDown(async () => {
      for (let n = 0; n < BREAKER_FAILURES; n++) await session.messages.add('user', `call ${n}`);
      await waitFor(async () => (await session.stats()).redis.breaker !== 'closed', { what: 'the breaker to open' });
    });
    expect((await session.stats()).redis).toMatchObject({ available: true, breaker: 'closed' });
  });

  onStandIn('Manual circuit breaker control: reset, and the state after it', async () => {
    await whileRedisIsDown(async () => {
      for (let n = 0; n < BREAKER_FAILURES; n++) await open().messages.add('user', `call ${n}`);
      const { status, body } = await stack.api().post('/breaker/reset', { tier: 'redis' });
      expect([status, body.breakers.redis]).toEqual([200, 'closed']);
    });
  });
});
