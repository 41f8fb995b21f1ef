// Document 3 ("Memory Manager API") example by example, in its order, with its defaults. Its Python calls become calls of the typed
// client over HTTP, or the routes themselves where the client has none. What it says of trouble is in document-3-trouble.test.ts.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BufferAnswer, createMemoryClient, KeepsakeError, type Session } from '../../src/lib/client/client.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

const MAX_MESSAGES = 30;
const MAX_TOKENS = 4000;
const TRIGGER_TOKENS = 3000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
}, 120_000);
afterAll(() => stack.stop());

const manager = () => createMemoryClient({ baseUrl: `${stack.api().url}/api` });
const newSession = () => `session_${randomUUID()}`;
const open = (session_id = newSession()): Session => manager().session(session_id);
/** The context once the summary that was asked for is there and the buffer is within its limits again. */
async function summarised(session: Session): Promise<BufferAnswer> {
  const settled = async () => {
    const context = await session.buffer();
    return context.current_summary !== '' && !context.buffer_info.should_trigger_summary;
  };
  await waitFor(settled, { what: 'the summary', timeoutMs: 60_000 });
  return session.buffer();
}
/** About 100 tokens, another text for each number. */
const remark = (n: number) => `${n}. ${'We talked about laptops, their prices, their weight and the keyboard. '.repeat(7)}`;
const contentsOf = ({ buffer_messages }: { buffer_messages: { content: string }[] }) => buffer_messages.map(({ content }) => content);

describe('MemoryManager', () => {
  test('add_message', async () => {
    const result = await open().messages.add('user', 'I want to buy a laptop');
    expect(result).toMatchObject({ success: true, seq: 1, message_count: 1, summary_triggered: false });
  });

  test('get_context: everything of 25 messages', async () => {
    const session = open();
    for (let n = 1; n <= 25; n++) await session.messages.add(n % 2 ? 'user' : 'assistant', remark(n).slice(0, 200));
    const context = await session.buffer();
    expect(context).toMatchObject({ current_summary: '', buffer_info: expect.any(Object), message_count: 25 });
    expect(context.buffer_messages).toHaveLength(25);
    expect(context.total_tokens).toBeGreaterThan(500);
    expect(context.total_tokens).toBeLessThan(1500);
  });

  test('save_context comes back with the context', async () => {
    const session = open();
    await session.messages.add('user', 'I want to buy a laptop');
    const swisper_context = { session_id: session.id, current_state: 'search' };
    await session.saveState(swisper_context);
    expect(await session.state()).toEqual(swisper_context);
    expect((await session.buffer()).state).toEqual(swisper_context);
  });

  test('set_session_config changes this session', async () => {
    const session = open();
    const changed = await session.configure({ summary_trigger_tokens: 2500, max_buffer_tokens: 3500 });
    expect(changed).toMatchObject({ summary_trigger_tokens: 2500, max_buffer_tokens: 3500, max_buffer_messages: MAX_MESSAGES });
    expect((await session.buffer()).buffer_info.max_buffer_tokens).toBe(3500);
  });

  test('get_memory_stats: buffer, summaries, Redis, configuration', async () => {
    const session = open();
    await session.messages.add('user', 'I want to buy a laptop');
    expect(await session.stats()).toMatchObject({
      buffer: { message_count: 1 },
      summary: { summary_count: 0, generated: 0, merged: 0 },
      redis: { available: true, breaker: 'closed', used_memory: expect.any(Number) },
      config: { max_buffer_messages: MAX_MESSAGES },
    });
  });

  test('clear_session_memory leaves nothing', async () => {
    const session = open();
    await session.messages.add('user', 'I want to buy a laptop');
    await session.saveState({ current_state: 'search' });
    await session.clear();
    await expect(session.buffer()).rejects.toMatchObject({ code: 'session_not_found' });
    await session.messages.add('user', 'Hello again');
    expect(contentsOf(await session.buffer())).toEqual(['Hello again']);
    expect(await session.state()).toBe(null);
  });

  test('is_available', async () => {
    expect(await manager().available()).toBe(true);
    expect(await createMemoryClient({ baseUrl: 'http://127.0.0.1:1/api' }).available()).toBe(false);
  });
});

describe('BufferStore', () => {
  test('add_message handles overflow: 30 messages stay, the next one has the oldest summarised', { timeout: 90_000 }, async () => {
    const session = open();
    for (let n = 1; n <= MAX_MESSAGES; n++) {
      const { summary_triggered } = await session.messages.add(n % 2 ? 'user' : 'assistant', `remark ${n}`);
      expect(summary_triggered, `message ${n}`).toBe(false);
    }
    expect((await session.buffer()).buffer_info).toMatchObject({ message_count: MAX_MESSAGES, should_trigger_summary: false });
    expect((await session.messages.add('user', 'one more')).summary_triggered).toBe(true);
    const context = await summarised(session);
    expect(context.message_count).toBeLessThanOrEqual(MAX_MESSAGES / 2);
    expect(contentsOf(context).at(-1)).toBe('one more');
    expect(await session.messages.count(), 'nothing is lost').toBe(MAX_MESSAGES + 1);
  });

  test('get_messages, with a limit or without', async () => {
    const session = open();
    for (let n = 1; n <= 3; n++) await session.messages.add('user', `remark ${n}`);
    expect((await session.messages.list()).map(({ content }) => content)).toEqual(['remark 1', 'remark 2', 'remark 3']);
    expect((await session.messages.list({ limit: 1 })).map(({ content }) => content)).toEqual(['remark 3']);
  });

  test('get_buffer_info', async () => {
    const session = open();
    const { total_tokens } = await session.messages.add('user', 'I want to buy a laptop');
    const { buffer_info } = await session.buffer();
    const limits = { max_buffer_tokens: MAX_TOKENS, max_buffer_messages: MAX_MESSAGES, over_limit: false };
    expect(buffer_info).toMatchObject({ message_count: 1, token_count: total_tokens, should_trigger_summary: false, ...limits });
    expect(buffer_info.ttl_remaining_seconds).toBeGreaterThan(0);
  });

  test('should_trigger_summary: at 3,000 tokens by default, before the buffer is over 4,000', { timeout: 90_000 }, async () => {
    const session = open();
    let tokens = 0;
    for (let n = 1; tokens <= TRIGGER_TOKENS; n++) {
      const before = tokens;
      const stored = await session.messages.add(n % 2 ? 'user' : 'assistant', remark(n).repeat(2));
      tokens = stored.total_tokens;
      expect(stored.summary_triggered, `from ${before} to ${tokens} tokens`).toBe(tokens > TRIGGER_TOKENS);
    }
    expect(tokens).toBeLessThan(MAX_TOKENS);
    const { buffer_info, current_summary } = await summarised(session);
    expect(buffer_info.token_count).toBeLessThanOrEqual(MAX_TOKENS / 2);
    expect(current_summary).toMatch(/laptop|keyboard/);
  });

  test('clear_buffer', async () => {
    const session = open();
    await session.messages.add('user', 'I want to buy a laptop');
    await session.clearBuffer();
    expect(await session.buffer()).toMatchObject({ buffer_messages: [], message_count: 0, total_tokens: 0 });
    expect(await session.messages.count(), 'they stay stored').toBe(1);
  });
});

describe('SummaryStore', () => {
  const talked = async () => {
    const session = open();
    for (const content of ['I want to buy a laptop', 'Which size?', 'A small one', 'How much?'])
      await session.messages.add('user', content);
    return session;
  };

  test('add_summary and get_current_summary', async () => {
    const session = await talked();
    expect((await session.buffer()).current_summary).toBe('');
    const added = await session.summaries.add('The user wants a laptop.', { to_seq: 2, metadata: { by: 'agent' } });
    expect(added).toMatchObject({ success: true, from_seq: 1, to_seq: 2, metadata: { by: 'agent' } });
    expect(await session.buffer()).toMatchObject({ current_summary: 'The user wants a laptop.', message_count: 2 });
  });

  test('get_summary_history: the newest 10, with their times', async () => {
    const session = await talked();
    for (let n = 1; n <= 11; n++) await session.summaries.add(`Note ${n}.`);
    const history = await session.summaries.list();
    expect(history).toHaveLength(10);
    for (const { timestamp, tokens } of history) expect([new Date(timestamp).toISOString(), tokens > 0]).toEqual([timestamp, true]);
    expect(history.map(({ timestamp }) => timestamp)).toEqual(
      history
        .map(({ timestamp }) => timestamp)
        .toSorted()
        .toReversed(),
    );
    expect(await session.summaries.list({ limit: 11 })).toHaveLength(11);
  });

  test('get_summary_stats', async () => {
    const session = await talked();
    await session.summaries.add('The user wants a laptop.', { to_seq: 2 });
    expect((await session.stats()).summary).toEqual({ summary_count: 1, generated: 0, manual: 1, session: 0, merged: 0 });
  });

  test('clear_summaries', async () => {
    const session = await talked();
    await session.summaries.add('The user wants a laptop.', { to_seq: 2 });
    await session.summaries.clear();
    expect(await session.summaries.list()).toEqual([]);
    expect((await session.buffer()).current_summary).toBe('');
  });
});

describe('TokenCounter', () => {
  const message = { role: 'user', content: 'I want to buy a laptop' };

  test('count_tokens', async () => {
    expect(await manager().countTokens('Hello, world!')).toEqual({ total_tokens: 4, method: 'o200k_base' });
  });

  test('count_message_tokens: four more than its text', async () => {
    const { total_tokens: text } = await manager().countTokens(message.content);
    expect(await manager().countTokens([message])).toMatchObject({ total_tokens: text + 4, counts: [text + 4] });
  });

  test('count_batch_tokens', async () => {
    const { total_tokens, counts } = await manager().countTokens([message, { role: 'assistant', content: 'Which one?' }]);
    expect(counts).toHaveLength(2);
    expect(total_tokens).toBe(counts.reduce((sum, count) => sum + count, 0));
  });

  test('should_trigger_summary, past 3,000, and get_overflow_messages, past 4,000', async () => {
    const messages = Array.from({ length: 45 }, (_, n) => ({ role: 'user', content: remark(n) }));
    const { total_tokens, counts, should_trigger_summary, overflow_messages } = await manager().countTokens(messages);
    expect(total_tokens).toBeGreaterThan(MAX_TOKENS);
    expect(should_trigger_summary).toBe(true);
    const left = counts.slice(overflow_messages.length).reduce((sum, count) => sum + count, 0);
    expect(left).toBeLessThanOrEqual(MAX_TOKENS);
    expect(left + (counts[overflow_messages.length - 1] ?? 0), 'no more than had to go').toBeGreaterThan(MAX_TOKENS);
    expect(overflow_messages).toEqual(messages.slice(0, overflow_messages.length));
    const few = await manager().countTokens(messages.slice(0, 20));
    expect(few).toMatchObject({ should_trigger_summary: false, overflow_messages: [] });
    expect((await manager().countTokens(messages.slice(0, 20), { threshold: 1000 })).should_trigger_summary).toBe(true);
  });
});

describe('Configuration', () => {
  test('Session Configuration: the defaults', async () => {
    const session = open();
    await session.messages.add('user', 'I want to buy a laptop');
    expect(await session.config()).toMatchObject({
      summary_trigger_tokens: TRIGGER_TOKENS,
      max_buffer_tokens: MAX_TOKENS,
      max_buffer_messages: MAX_MESSAGES,
    });
  });

  test('Production Settings: what allkeys-lru evicts is read again', async () => {
    const session = open();
    await session.messages.add('user', 'I want to buy a laptop');
    await stack.redis.flush();
    expect(contentsOf(await session.buffer())).toEqual(['I want to buy a laptop']);
  });
});

describe('Integration with Existing Systems', () => {
  test('Orchestrator Integration: add the message with its time, get the context', async () => {
    const session = open();
    const timestamp = Math.trunc(Date.now() / 1000);
    await session.messages.add('user', 'I want to buy a laptop', { timestamp });
    const [first] = (await session.buffer()).buffer_messages;
    expect(first?.timestamp).toBe(new Date(timestamp * 1000).toISOString());
  });

  test('Session Store Coexistence: the legacy store is written to whatever becomes of ours', async () => {
    const legacy: string[] = [];
    const addChatMessage = async (session: Session, content: string) => {
      await session.messages.add('user', content).catch((error: unknown) => expect(error).toBeInstanceOf(KeepsakeError));
      legacy.push(content);
    };
    const ours = open();
    await addChatMessage(ours, 'both');
    await addChatMessage(createMemoryClient({ baseUrl: 'http://127.0.0.1:1/api' }).session('s'), 'legacy alone');
    expect(legacy).toEqual(['both', 'legacy alone']);
    expect(await ours.messages.count()).toBe(1);
  });
});

test('Key Metrics: buffer, summaries and Redis are in the statistics', async () => {
  const session = open();
  await session.messages.add('user', 'I want to buy a laptop');
  const { buffer, summary, redis } = await session.stats();
  expect(buffer).toMatchObject({ message_count: 1, token_count: expect.any(Number), ttl_remaining_seconds: expect.any(Number) });
  expect(summary).toMatchObject({ summary_count: 0, generated: 0, merged: 0 });
  expect(redis.used_memory).toBeGreaterThan(0);
  const figures = [redis.evicted_keys, redis.expired_keys, redis.hit_ratio]; // null where Redis does not say, as the stand-in
  expect(figures.filter((figure) => figure !== null && !(figure >= 0))).toEqual([]);
});

test('Best Practices: many messages in one call, each counted once', async () => {
  const session = open();
  const messages = Array.from({ length: 20 }, (_, n) => ({ role: 'user' as const, content: `remark ${n}` }));
  const stored = await session.store({ messages });
  expect(stored.message_ids).toHaveLength(20);
  expect((await session.buffer()).buffer_info.token_count).toBe(stored.total_tokens);
});

test('Debug Commands', async () => {
  const session = open();
  await session.messages.add('user', 'I want to buy a laptop');
  const { body } = await stack.api().get('/health/ready');
  expect(body).toMatchObject({ status: 'ready', tiers: { redis: { status: 'ok', breaker: 'closed' } } });
  expect((await session.stats()).redis.breaker).toBe('closed');
  expect((await session.buffer()).buffer_info.message_count).toBe(1);
});
