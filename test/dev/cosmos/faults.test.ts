import type { Container } from '@azure/cosmos';
import { describe, expect, test } from 'vitest';
import { type CosmosServer, startCosmos } from '../../../dev/cosmos/server.ts';
import { clientOf, statusOf } from './stand.ts';

interface Stand {
  server: CosmosServer;
  container: Container;
}

/** A server of its own for each test: faults and calls are the server's. */
async function withServer(work: (stand: Stand) => Promise<void>, control = false): Promise<void> {
  const server = await startCosmos({ containers: [{ id: 'memory' }], control });
  const client = clientOf(server, { connectionPolicy: { retryOptions: { maxRetryAttemptCount: 3 } } });
  try {
    await work({ server, container: client.database('keepsake').container('memory') });
  } finally {
    client.dispose();
    await server.stop();
  }
}

const upsert = (container: Container, n: number) => container.items.upsert({ id: '1', pk: 'a', n });
const storedN = async (container: Container) => (await container.item('1', 'a').read()).resource?.n;

describe('faults', () => {
  test('429 is retried by the SDK after the time it is told, and not run', () =>
    withServer(async ({ server, container }) => {
      const fault = server.faults.add({ match: ({ kind }) => kind === 'upsert', times: 2, action: { status: 429, retryAfterMs: 20 } });
      expect(await statusOf(upsert(container, 1))).toBe(201);
      expect(fault.hits).toBe(2);
      expect(server.calls.all.filter(({ kind }) => kind === 'upsert').map(({ status }) => status)).toEqual([429, 429, 201]);
    }));

  test('429 without end reaches the caller with its sub-status', () =>
    withServer(async ({ server, container }) => {
      server.faults.add({ action: { status: 429, retryAfterMs: 1 } });
      await expect(container.item('1', 'a').read()).rejects.toMatchObject({ code: 429, substatus: 3200 });
      expect(server.calls.count('read')).toBe(4);
    }));

  test('503 is not run; a removed fault does not strike', () =>
    withServer(async ({ server, container }) => {
      const fault = server.faults.add({ action: { status: 503 } });
      expect(await statusOf(container.item('1', 'a').read() as never)).toBe(503);
      fault.remove();
      expect(await storedN(container)).toBeUndefined();
      expect(await statusOf(upsert(container, 1))).toBe(201);
    }));

  test('a delay comes before the request is run', () =>
    withServer(async ({ server, container }) => {
      server.faults.add({ match: ({ kind }) => kind === 'upsert', action: { delayMs: 60 } });
      const started = performance.now();
      await upsert(container, 1);
      expect(performance.now() - started).toBeGreaterThanOrEqual(55);
    }));

  test('hang before: nothing is stored until it is released', () =>
    withServer(async ({ server, container }) => {
      const fault = server.faults.add({ match: ({ kind }) => kind === 'upsert', action: { hang: 'before' } });
      const storing = upsert(container, 1);
      await fault.reached;
      expect(await storedN(container)).toBeUndefined();
      fault.release();
      expect(await statusOf(storing)).toBe(201);
      expect(await storedN(container)).toBe(1);
    }));

  test('hang before: a client that leaves has stored nothing', () =>
    withServer(async ({ server, container }) => {
      const fault = server.faults.add({ match: ({ kind }) => kind === 'upsert', action: { hang: 'before' } });
      const leaving = new AbortController();
      const storing = container.items.upsert({ id: '1', pk: 'a', n: 1 }, { abortSignal: leaving.signal });
      await fault.reached;
      leaving.abort();
      await expect(storing).rejects.toThrow();
      await expect.poll(() => server.calls.count('upsert')).toBe(1);
      fault.release();
      expect(await storedN(container)).toBeUndefined();
      expect(server.calls.all.find(({ kind }) => kind === 'upsert')?.status).toBe(0);
    }));

  test('hang after: it is stored while the client still waits', () =>
    withServer(async ({ server, container }) => {
      const fault = server.faults.add({ match: ({ kind }) => kind === 'upsert', action: { hang: 'after' } });
      const storing = upsert(container, 1);
      await fault.reached;
      await expect.poll(() => storedN(container)).toBe(1);
      fault.release();
      expect(await statusOf(storing)).toBe(201);
    }));

  test('drop before: a reset connection and nothing stored', () =>
    withServer(async ({ server, container }) => {
      server.faults.add({ match: ({ kind }) => kind === 'upsert', times: 1, action: { drop: 'before' } });
      await expect(upsert(container, 1)).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(await storedN(container)).toBeUndefined();
    }));

  test('drop after: a reset connection although it was committed, batches too', () =>
    withServer(async ({ server, container }) => {
      server.faults.add({ match: ({ kind }) => kind === 'upsert' || kind === 'batch', times: 2, action: { drop: 'after' } });
      await expect(upsert(container, 1)).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(await storedN(container)).toBe(1);
      const patch = {
        operationType: 'Patch' as const,
        id: '1',
        resourceBody: { operations: [{ op: 'incr' as const, path: '/n', value: 1 }] },
      };
      await expect(container.items.batch([patch], 'a')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
      expect(await storedN(container)).toBe(2);
      expect(server.calls.all.filter(({ kind }) => kind === 'upsert' || kind === 'batch').map(({ status }) => status)).toEqual([201, 200]);
    }));

  test('a match sees kind, container, partition, id and body', () =>
    withServer(async ({ server, container }) => {
      const seen: unknown[] = [];
      const match = (request: object): boolean => {
        seen.push({ ...request });
        return false;
      };
      server.faults.add({ match, action: { status: 500 } });
      await container
        .item('1', 'a')
        .patch([{ op: 'set', path: '/n', value: 1 }])
        .catch(() => undefined);
      const body = { operations: [{ op: 'set', path: '/n', value: 1 }] };
      expect(seen).toEqual([
        expect.objectContaining({ kind: 'patch', database: 'keepsake', container: 'memory', partition: '["a"]', id: '1', method: 'PATCH' }),
      ]);
      expect(seen[0]).toMatchObject({ body: expect.toSatisfy((sent) => Array.isArray(sent) || 'operations' in (sent as typeof body)) });
    }));

  test('the first of two faults strikes until it is used up', () =>
    withServer(async ({ server, container }) => {
      server.faults.add({ times: 1, action: { status: 500 } });
      server.faults.add({ times: 1, action: { status: 503 } });
      const read = () => statusOf(container.item('1', 'a').read() as never);
      expect([await read(), await read(), await read()]).toEqual([500, 503, 404]);
    }));

  test('stopping the server ends what hangs', async () => {
    const server = await startCosmos({ containers: [{ id: 'memory' }] });
    const client = clientOf(server);
    const fault = server.faults.add({ action: { hang: 'after' } });
    const storing = upsert(client.database('keepsake').container('memory'), 1);
    const refused = expect(storing).rejects.toThrow();
    await fault.reached;
    await Promise.all([server.stop(), server.stop()]);
    await refused;
    client.dispose();
  });
});

describe('calls', () => {
  test('are recorded with kind, place, status and number of operations', () =>
    withServer(async ({ server, container }) => {
      await container.item('1', 'a').read();
      await container.items.batch(
        [
          { operationType: 'Create', resourceBody: { id: '1', pk: 'a' } },
          { operationType: 'Read', id: '1' },
        ],
        'a',
      );
      await container.items.query('SELECT * FROM c', { partitionKey: 'a' }).fetchAll();
      const place = { database: 'keepsake', container: 'memory' };
      expect(server.calls.all[0]).toMatchObject({ kind: 'read', ...place, partition: '["a"]', id: '1', status: 404 });
      expect(server.calls.all[1]).toMatchObject({ kind: 'batch', ...place, partition: '["a"]', status: 200, operations: 2 });
      expect({ queries: server.calls.count('query'), plans: server.calls.count('queryplan') }).toEqual({ queries: 1, plans: 1 });
      expect(server.calls.count()).toBe(server.calls.all.length);
      server.calls.reset();
      expect(server.calls.all).toEqual([]);
    }));

  test('of a query say whether it was bound to a partition', () =>
    withServer(async ({ server, container }) => {
      await container.items.query('SELECT * FROM c').fetchAll();
      await container.items.query('SELECT * FROM c', { partitionKey: 'a' }).fetchAll();
      expect(server.calls.all.filter(({ kind }) => kind === 'query').map(({ partition }) => partition)).toEqual([undefined, '["a"]']);
    }));
});

describe('the control surface', () => {
  const post = (server: CosmosServer, body: unknown) => fetch(`${server.endpoint}/_faults`, { method: 'POST', body: JSON.stringify(body) });

  test('sets faults and shows calls to other processes', () =>
    withServer(async ({ server, container }) => {
      expect((await post(server, { kind: 'read', container: 'memory', times: 1, action: { status: 503 } })).status).toBe(201);
      expect(await statusOf(upsert(container, 1))).toBe(201);
      expect(await statusOf(container.item('1', 'a').read() as never)).toBe(503);
      expect(await storedN(container)).toBe(1);
      const calls = await (await fetch(`${server.endpoint}/_calls`)).json();
      expect(calls).toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'read', status: 503 })]));
      await fetch(`${server.endpoint}/_calls`, { method: 'DELETE' });
      expect(await (await fetch(`${server.endpoint}/_calls`)).json()).toEqual([]);
    }, true));

  test('clearing lets go what hangs', () =>
    withServer(async ({ server, container }) => {
      await post(server, { kind: 'upsert', action: { hang: 'before' } });
      const storing = upsert(container, 1);
      const hits = async () => ((await (await fetch(`${server.endpoint}/_faults`)).json()) as { hits: number }[])[0]?.hits;
      await expect.poll(hits).toBe(1);
      expect((await fetch(`${server.endpoint}/_faults`, { method: 'DELETE' })).status).toBe(204);
      expect(await statusOf(storing)).toBe(201);
    }, true));

  test('refuses what is no fault', () =>
    withServer(async ({ server }) => {
      for (const body of [{}, { action: { status: 200 } }, { action: { hang: 'later' } }, { action: { delayMs: 1 }, extra: 1 }]) {
        expect((await post(server, body)).status).toBe(400);
      }
    }, true));

  test('is closed unless it was asked for', () =>
    withServer(async ({ server }) => {
      expect((await post(server, { action: { status: 503 } })).status).toBe(401);
      expect((await fetch(`${server.endpoint}/_calls`)).status).toBe(401);
    }));
});
