import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type BlobProxy, startBlobProxy } from '../support/blob-proxy.ts';
import { type Rehearsal, rehearse } from './rehearsal.ts';

let on: Rehearsal;
let blobs: BlobProxy;
beforeAll(async () => {
  blobs = await startBlobProxy(inject('storage'));
  on = await rehearse({ BLOB_CONNECTION_STRING: blobs.connectionString, BLOB_MAX_CONNECTIONS: '2' });
});
afterAll(async () => {
  await on.stop();
  await blobs.stop();
});

test('more calls than sockets: they wait in line, the figures show the line, and each is answered', async () => {
  const keys = Array.from({ length: 8 }, () => on.fresh());
  for (const key of keys) await on.put(key, { value: key, tier: 'cold', write_through: false });
  blobs.strike({ delayMs: 300 });
  const reads = Promise.all(keys.map((key) => on.get(key)));
  await expect.poll(async () => (await on.stats()).cold.connections).toMatchObject({ open: 2, busy: 2, limit: 2 });
  const { waiting } = (await on.stats()).cold.connections;
  expect(waiting).toBeGreaterThan(0);
  const answers = await reads;
  expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 200));
  blobs.clear();
  await expect.poll(async () => (await on.stats()).cold.connections.waiting).toBe(0);
  expect((await on.stats()).cold.p99_ms).toBeGreaterThan(600); // what waits in line shows as time
});

test('a Redis that takes no more connections: requests go on without it, and it is found again by itself', async () => {
  const key = on.fresh();
  await on.put(key, { value: 'kept' });
  on.stack.redis.faults.refuse(true);
  await expect.poll(async () => (await on.get(key)).body.degraded).toEqual(['redis']);
  expect((await on.get(key)).body).toMatchObject({ value: 'kept', tier: 'warm' });
  const { connections, last_5_minutes } = (await on.stats()).hot;
  expect(connections).toMatchObject({ open: 0, state: expect.stringMatching(/^(connecting|closed)$/) });
  expect(last_5_minutes.errors).toBeGreaterThan(0);
  expect(await on.line('redis_failed')).toMatchObject({ level: 'warn' });
  on.stack.redis.faults.refuse(false);
  const again = async () => {
    await on.api.post('/breaker/reset', { tier: 'redis' });
    await on.get(key);
    return (await on.stats()).hot.connections;
  };
  await expect.poll(again, { timeout: 15_000 }).toMatchObject({ state: 'ready', open: 1, breaker: 'closed' });
});
