import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import { expect, onTestFinished, test } from 'vitest';
import { type Stack, startStack } from './stack.ts';
import { waitFor } from './wait.ts';

async function stack(options?: Parameters<typeof startStack>[0]): Promise<Stack> {
  const started = await startStack(options);
  onTestFinished(() => started.stop());
  return started;
}

const turn = { user_id: 'ada', session_id: 'first', user_message: 'I sail every weekend.', agent_message: 'Where do you sail?' };

test('apps of one stack share their memory, and a killed one comes back with it', async () => {
  const { api, apps, restartApp } = await stack({ apps: 2 });
  expect(await api(0).post('/memory/store', turn)).toMatchObject({ status: 200, body: { seq: 2 } });
  const context = { user_id: 'ada', session_id: 'first' };
  expect((await api(1).post('/memory/context', context)).body.active_context).toHaveLength(1);
  await apps[0]!.kill();
  await expect(api(0).get('/health')).rejects.toThrow();
  await restartApp(0);
  expect((await api(0).post('/memory/context', context)).body.active_context).toHaveLength(1);
});

test('stacks do not see each other, and the calls of one are counted', async () => {
  const [one, other] = await Promise.all([stack(), stack()]);
  await one.api().post('/memory/store', turn);
  expect(one.cosmos.calls.count()).toBeGreaterThan(0);
  expect((await other.api().post('/memory/context', { user_id: 'ada', session_id: 'first' })).status).toBe(404);
});

test('without Redis the apps find nobody there', async () => {
  const { api } = await stack({ redis: false });
  const { body } = await api().get('/health/ready');
  expect(body.tiers.redis.status).toBe('down');
});

test('every queue that a function listens to is there', async () => {
  const folder = join(import.meta.dirname, '../../src/functions');
  const sources = readdirSync(folder).filter((file) => file.endsWith('.queue.ts'));
  const names = sources.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/queue: '([a-z-]+)'/g)].map(([, name]) => name),
  );
  expect(names).toContain('reflect');
  const { env } = await stack();
  const queues = QueueServiceClient.fromConnectionString(env.AzureWebJobsStorage);
  for (const name of names) expect(await queues.getQueueClient(`${env.QUEUE_PREFIX}${name}`).exists(), name).toBe(true);
});

test('waiting that fails says for what', async () => {
  await expect(waitFor(() => undefined, { what: 'a turn', timeoutMs: 30 })).rejects.toThrow('waited 30 ms for a turn');
});
