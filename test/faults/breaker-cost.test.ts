import { afterEach, describe, expect, test } from 'vitest';
import type { FaultSpec } from '../../dev/cosmos/faults.ts';
import { loadConfig } from '../../src/lib/config.ts';
import { readContext } from '../../src/lib/memory/context/context.ts';
import { appendToField } from '../../src/lib/memory/fields/field-changes.ts';
import { listFields } from '../../src/lib/memory/fields/fields.ts';
import { addMessage, listMessages } from '../../src/lib/memory/sessions/messages.ts';
import { readBuffer } from '../../src/lib/memory/sessions/session-buffer.ts';
import { readRecord, readSessionStats } from '../../src/lib/memory/sessions/session-record.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import { ContextRequest } from '../../src/lib/requests.ts';
import { MessageRequest } from '../../src/lib/requests-session.ts';
import type { Services } from '../../src/lib/services.ts';
import { UNCONDITIONAL } from '../../src/lib/tiers/hot-fields.ts';
import { ownerIs, say, TENANT } from '../support/talk.ts';
import { waitFor } from '../support/wait.ts';
import { hangs, isWork, refuses } from './redis-failing.ts';
import { startWorld, type World } from './world.ts';

let world: World;
afterEach(() => world?.stop());
const start = async (settings: Record<string, string> = {}) => {
  world = await startWorld({ count: 1, settings: { REDIS_SOCKET_TIMEOUT_MS: '30000', BREAKER_RESET_SECONDS: '60', ...settings } });
};

const who = { user_id: 'u', session_id: 's' };
const owner = ownerIs(who);
const at = { tenant: TENANT, session_id: who.session_id, who: '', name: 'list', condition: UNCONDITIONAL, replay: '', body: '' };
const { message } = MessageRequest.parse({ role: 'user', content: 'Hello.' });

/** Requests of every kind, as their routes make them. */
const REQUESTS: Record<string, (services: Services) => Promise<unknown>> = {
  store: (services) => say(services, who, 'something'),
  message: (services) => addMessage(services, { owner, session_id: who.session_id, message }),
  context: (services) => readContext(services, owner, ContextRequest.parse(who)),
  'context with a query': (services) => readContext(services, owner, ContextRequest.parse({ ...who, query: 'something' })),
  buffer: (services) => readBuffer(services, owner, who.session_id),
  messages: (services) => listMessages(services, owner, { session_id: who.session_id, limit: 10, before: undefined, epoch: 'current' }),
  record: (services) => readRecord(services, owner, who.session_id),
  statistics: (services) => readSessionStats(services, owner, who.session_id),
  'start over': (services) => startSession(services, owner, { ...who, restore: false }),
  end: (services) => endSession(services, owner, { ...who, wait_ms: 0 }),
  append: async (services) => (await appendToField(services, at, { value: 1 })).answer,
  fields: (services) => listFields(services, at),
};
const NAMES = Object.keys(REQUESTS);
const ask = (name: string) => world.ask(0, REQUESTS[name]!);
/** Fields cannot do without Redis, all else can. */
const isRight = (name: string, status: number) => (name === 'append' || name === 'fields' ? status === 503 : status === 200);

/** Commands that reached Redis, without those of connecting. */
const commands = () => world.redis.calls.all.filter(isWork);

test('a command of Redis may take 250 ms and connecting 2 s, if nobody says otherwise', () => {
  const { redis } = loadConfig({ AZURE_FUNCTIONS_ENVIRONMENT: 'Development' });
  expect([redis?.commandTimeoutMs, redis?.socketTimeoutMs]).toEqual([250, 5000]);
});

describe('a Redis that hangs', () => {
  test.each(NAMES)('is waited for once by a request: %s', async (name) => {
    await start({ REDIS_COMMAND_TIMEOUT_MS: '150', BREAKER_FAILURES: '100' });
    await say(world.instance(), who, 'hello');
    world.redis.calls.reset();
    const hang = world.redis.faults.add({ match: isWork, action: { hang: 'before' } });
    const { status } = await ask(name);
    hang.release();
    expect(isRight(name, status), `${name}: ${status}`).toBe(true);
    const sent = commands().map((call) => call.at);
    expect(sent.length).toBeGreaterThan(0);
    expect(Math.max(...sent) - Math.min(...sent), 'what is sent at all is sent before the first wait is over').toBeLessThan(120);
  });
});

describe('the breaker of Redis', () => {
  const open = async () => {
    for (let n = 0; n < 5; n++) await world.instance().hot.ping();
    expect(world.instance().breakers.redis.name()).toBe('open');
    world.redis.calls.reset();
  };

  test('once open, lets no command of any request through', async () => {
    await start({ REDIS_COMMAND_TIMEOUT_MS: '50' });
    await say(world.instance(), who, 'hello');
    hangs('before')(world);
    await open();
    for (const name of NAMES) expect(isRight(name, (await ask(name)).status), name).toBe(true);
    expect(commands()).toEqual([]);
  });

  test('once open, has no request look for a server that refuses: the client does so by itself, ever more rarely', async () => {
    await start();
    refuses(world);
    await open();
    await waitFor(() => world.redis.faults.turnedAway >= 6, { what: 'the client to come rarely' });
    const before = world.redis.faults.turnedAway;
    await Promise.all(NAMES.flatMap((name) => [ask(name), ask(name), ask(name)]));
    expect(world.redis.faults.turnedAway - before).toBeLessThan(5);
  });

  test('half-open, lets exactly one call through, and opens again when that fails', async () => {
    await start({ REDIS_COMMAND_TIMEOUT_MS: '100' });
    await say(world.instance(), who, 'hello');
    const heal = hangs('before')(world);
    await open();
    world.clock.advance({ seconds: 60 });
    const pings = await Promise.all(Array.from({ length: 20 }, () => world.instance().hot.ping()));
    expect(pings.filter((answer) => answer !== undefined)).toEqual([]);
    expect(commands().map(({ name }) => name)).toEqual(['PING']);
    expect(world.instance().breakers.redis.name()).toBe('open');

    heal();
    expect(await world.instance().hot.ping(), 'not before its time').toBeUndefined();
    world.clock.advance({ seconds: 60 });
    const after = await Promise.all(Array.from({ length: 20 }, () => world.instance().hot.ping()));
    expect(after.filter((answer) => answer === 'PONG')).toHaveLength(1);
    expect(world.instance().breakers.redis.name()).toBe('closed');
  });

  test('half-open, lets one of many requests ask, and the others go on without Redis', async () => {
    await start({ REDIS_COMMAND_TIMEOUT_MS: '5000' });
    await say(world.instance(), who, 'hello');
    const refusal = world.redis.faults.add({ match: isWork, action: { error: 'LOADING Redis is loading the dataset in memory' } });
    await open();
    refusal.remove();
    world.clock.advance({ seconds: 60 });
    const probe = world.redis.faults.add({ match: isWork, action: { hang: 'before' } });
    let answered = 0;
    const asking = Array.from({ length: 20 }, () => ask('context').finally(() => answered++));
    await waitFor(() => answered === 19 && commands().length >= 3, { what: 'all but one to be answered' });
    expect(commands().map(({ name }) => name)).toEqual(['HGETALL', 'LRANGE', 'HGETALL']); // one read of a session
    probe.release();
    const degraded = (await Promise.all(asking)).filter(({ body }) => body.degraded);
    expect(degraded).toHaveLength(19);
    expect((await ask('context')).body.degraded).toBeUndefined();
  });

  test('is not moved by errors that are about the command', async () => {
    await start();
    const error = 'WRONGTYPE Operation against a key holding the wrong kind of value';
    const wrong = world.redis.faults.add({ match: isWork, action: { error } });
    for (let n = 0; n < 10; n++) await world.instance().hot.ping();
    expect([wrong.hits, world.instance().breakers.redis.name()]).toEqual([10, 'closed']);
  });
});

describe('the breaker of Cosmos DB', () => {
  /** What one store costs while Cosmos DB fails, and then as many reads as the breaker takes to open. */
  const open = async (fault: FaultSpec) => {
    const struck = world.cosmos.faults.add(fault);
    await ask('store');
    const cost = struck.hits;
    world.redis.flush();
    while (world.instance().breakers.cosmos.name() === 'closed') await ask('record');
    return { struck, cost };
  };

  test.each([
    ['answers 503', { action: { status: 503 } }, 8], // the batch and its marker, each with three more tries
    ['resets connections', { action: { drop: 'before' } }, 3], // the batch once, its marker with one more try
  ] satisfies [string, FaultSpec, number][])(
    'bounds the calls of a store while it %s, and then there are none',
    async (_name, fault, most) => {
      await start();
      await say(world.instance(), who, 'hello');
      const { struck, cost } = await open(fault);
      expect(cost).toBeLessThanOrEqual(most);
      const before = struck.hits;
      for (const name of NAMES) await ask(name);
      expect(struck.hits - before).toBe(0);
    },
  );

  test('is not moved by throttling', async () => {
    await start();
    await say(world.instance(), who, 'hello');
    const throttled = world.cosmos.faults.add({ action: { status: 429, retryAfterMs: 1 } });
    for (let n = 0; n < 6; n++) await ask('store');
    expect(throttled.hits).toBeGreaterThan(0);
    expect(world.instance().breakers.cosmos.name()).toBe('closed');
  });

  test('half-open, lets exactly one call through', async () => {
    await start();
    await say(world.instance(), who, 'hello');
    const { struck } = await open({ action: { drop: 'before' } });
    struck.remove();
    world.clock.advance({ seconds: 60 });
    const probe = world.cosmos.faults.add({ action: { hang: 'before' } });
    let answered = 0;
    const asking = Array.from({ length: 20 }, () => ask('record').finally(() => answered++));
    // Those who are turned away may be answered before the one that was let through has arrived.
    await waitFor(() => answered === 19 && probe.hits > 0, { what: 'all but one to be answered' });
    expect(probe.hits).toBe(1);
    probe.remove();
    probe.release();
    const statuses = (await Promise.all(asking)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect((await ask('record')).status).toBe(200);
    expect(world.instance().breakers.cosmos.name()).toBe('closed');
  });
});
