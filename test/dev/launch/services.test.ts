import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import { parse } from 'jsonc-parser';
import { expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { fixtureApp, launchIn } from './launcher.ts';

const STARTED = { what: 'the settings on the screen', timeoutMs: 20_000 };

test('services starts the tiers alone and prints their settings, without writing them', async () => {
  const root = await fixtureApp();
  const { output, kill } = launchIn(root, { script: 'services' });
  const [json] = await waitFor(() => /^\{[\s\S]*^\}/m.exec(output()), STARTED);
  const { Values } = JSON.parse(json ?? '');
  expect(Values).toMatchObject({ FUNCTIONS_WORKER_RUNTIME: 'node', COSMOS_DATABASE: 'keepsake', REDIS_URL: expect.any(String) });
  const queues = QueueServiceClient.fromConnectionString(Values.AzureWebJobsStorage);
  for (const name of ['reflect', 'reflect-poison']) expect(await queues.getQueueClient(name).exists()).toBe(true);
  expect(existsSync(join(root, 'local.settings.json'))).toBe(false);
  expect(await kill('SIGTERM')).toBe(0);
});

test('--write keeps what the file has, and a later start still brings its own tiers', async () => {
  const root = await fixtureApp();
  const file = join(root, 'local.settings.json');
  writeFileSync(file, '{\n  // mine\n  "Values": { "FROM_FILE": "yes" }\n}\n');
  const services = launchIn(root, { script: 'services', args: ['--write'] });
  await waitFor(() => services.output().includes('now in local.settings.json'), STARTED);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('// mine');
  expect(parse(text).Values).toMatchObject({ FROM_FILE: 'yes', REDIS_URL: expect.any(String), COSMOS_ENDPOINT: expect.any(String) });
  await services.kill('SIGTERM');

  const { ready, output } = launchIn(root);
  expect((await (await ready()).get('/ping')).body).toBe('PONG');
  expect(output()).not.toContain('configured elsewhere');
});
