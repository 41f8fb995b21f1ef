import { randomUUID } from 'node:crypto';
import { HttpRequest } from '@azure/functions';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { answer } from '../../src/lib/http.ts';
import { JSON_TYPE } from '../../src/lib/tiers/item-edition.ts';
import type { Json } from '../support/api.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { registerTracer } from '../support/tracer.ts';
import { waitFor } from '../support/wait.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;

describe('the log', () => {
  const lines: string[] = [];
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ onLine: (line) => lines.push(line) });
  });
  afterAll(() => stack.stop());

  interface Asked {
    method?: string;
    body?: unknown;
    traceparent?: string;
  }
  /** The item lines of one request, which come before its own. */
  async function linesOf(path: string, { method = 'GET', body, traceparent }: Asked = {}): Promise<Json[]> {
    const id = randomUUID();
    const headers = { 'x-request-id': id, 'content-type': 'application/json', ...(traceparent && { traceparent }) };
    await stack.api().request(method, path, { body, headers });
    const mine = () => lines.flatMap((line) => (line.includes(id) ? [JSON.parse(line)] : []));
    await waitFor(() => mine().some(({ event }) => event === 'request'), { what: `the line of ${id}` });
    return mine().filter(({ event }) => event === 'item');
  }

  test('has one line for each operation: what, where, whether it was there, how long, and of which request', async () => {
    const key = `k-${randomUUID()}`;
    const [put] = await linesOf(`/items/${key}`, { method: 'PUT', body: { value: 'secret words', write_through: false } });
    const common = { time: expect.any(String), level: 'info', event: 'item', ms: expect.any(Number), request_id: expect.any(String) };
    const key_hash = expect.stringMatching(/^[\w-]{22}$/);
    const trace_id = expect.stringMatching(/^[0-9a-f]{32}$/);
    expect(put).toEqual({ ...common, op: 'put', key_hash, asked: 'warm', tier: 'warm', durability: 'stored', bytes: 14, trace_id });
    const [first] = await linesOf(`/items/${key}`, { traceparent: TRACEPARENT });
    expect(first).toEqual({ ...common, op: 'get', key_hash: put.key_hash, hit: true, tier: 'warm', promoted_to: ['hot'], trace_id: TRACE });
    const [second] = await linesOf(`/items/${key}`);
    expect(second).toMatchObject({ op: 'get', hit: true, tier: 'hot', promoted_to: [] });
    expect(await linesOf(`/items/${key}`, { method: 'HEAD' })).toMatchObject([{ op: 'head', hit: true, tier: 'hot' }]);
    const many = await linesOf('/items/mget', { method: 'POST', body: { keys: [key, `${key}-2`] } });
    expect(many).toMatchObject([{ op: 'mget', keys: 2, hits: 1, misses: 1, failed: 0, tiers: { hot: 1 } }]);
    const puts = await linesOf('/items/mset', { method: 'POST', body: { items: { [`${key}-3`]: 1, [`${key}-4`]: 2 } } });
    expect(puts.map(({ op }) => op)).toEqual(['put', 'put']);
    expect(await linesOf(`/items/${key}`, { method: 'DELETE' })).toMatchObject([{ op: 'delete', hit: true }]);
    expect(await linesOf(`/items/${key}`)).toMatchObject([{ op: 'get', hit: false, key_hash: put.key_hash }]);
    expect(lines.filter((line) => line.includes(key) || line.includes('secret'))).toEqual([]);
  });

  test('names the code of what failed', async () => {
    const key = `k-${randomUUID()}`;
    const fault = stack.cosmos.faults.add({ match: ({ container }) => container === 'items', action: { drop: 'before' } });
    expect(await linesOf(`/items/${key}`)).toMatchObject([{ op: 'get', code: 'tier_unavailable' }]);
    fault.remove();
  });

  test('tells the same key of two users apart', async () => {
    const key = `k-${randomUUID()}`;
    const [ada] = await linesOf(`/items/${key}?user_id=ada`);
    const [bob] = await linesOf(`/items/${key}?user_id=bob`);
    expect(ada.key_hash).not.toBe(bob.key_hash);
  });
});

describe('spans', () => {
  let world: Instances;
  let tracer: ReturnType<typeof registerTracer>;
  beforeAll(async () => {
    world = await startInstances();
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    tracer = registerTracer();
  });
  afterEach(() => tracer.stop());

  /** A request to a route of its own, whose work is given. */
  async function request(run: () => Promise<unknown>, headers: Record<string, string> = {}) {
    const route = { method: 'GET', route: 'any', run: async () => ({ done: await run() }) } as const;
    const asked = new HttpRequest({ method: 'GET', url: 'http://localhost/api/any', headers: { host: 'localhost', ...headers } });
    return answer(world.instance(), { name: 'any', route, request: asked });
  }
  const fresh = () => ({ tenant: 'default', user_id: null, key: `k-${randomUUID()}` });
  const put = { tier: 'warm', type: JSON_TYPE, data: Buffer.from('1'), expires_at: null, writeThrough: true };

  test('are one for each operation, below the span that the caller named', async () => {
    const of = fresh();
    const { items } = world.instance();
    await request(() => items.put(of, put), { traceparent: TRACEPARENT });
    await request(() => items.get(of));
    expect(tracer.spans).toMatchObject([
      { name: 'items.put', trace: TRACE, parent: PARENT, ended: true, status: undefined },
      { name: 'items.get', trace: undefined, parent: undefined, ended: true, status: undefined },
    ]);
    const { attributes } = tracer.spans[1]!;
    expect(attributes).toMatchObject({ 'keepsake.op': 'get', 'keepsake.hit': true, 'keepsake.tier': 'hot' });
    expect(JSON.stringify(tracer.spans)).not.toContain(of.key);
  });

  test.each(['', '00-0-0-00', `00-${'0'.repeat(32)}-${PARENT}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`, `00-${TRACE}-${PARENT}`, 'x'])(
    'begin a trace of their own when the caller names none: "%s"',
    async (traceparent) => {
      await request(() => world.instance().items.get(fresh()), { traceparent });
      expect(tracer.spans).toMatchObject([{ name: 'items.get', trace: undefined, ended: true }]);
    },
  );

  test('are failed when a tier did not answer, and not when there was nothing', async () => {
    const fault = world.cosmos.faults.add({ match: ({ container }) => container === 'items', action: { drop: 'before' } });
    expect((await request(() => world.instance().items.get(fresh()))).status).toBe(503);
    fault.remove();
    await request(() => world.instance().items.get(fresh()));
    expect(tracer.spans).toMatchObject([
      { status: 2, ended: true, attributes: { 'keepsake.code': 'tier_unavailable' } },
      { status: undefined, ended: true, attributes: { 'keepsake.hit': false } },
    ]);
  });

  test('are none without an SDK, and nothing else changes', async () => {
    tracer.stop();
    expect((await request(() => world.instance().items.get(fresh()))).status).toBe(200);
    expect(tracer.spans).toEqual([]);
  });
});
