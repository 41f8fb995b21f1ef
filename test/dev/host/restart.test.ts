import { expect, onTestFinished, test } from 'vitest';
import { startAzurite } from '../../../dev/azurite/start.ts';
import { waitFor } from '../../support/wait.ts';
import { startApp } from './temporary-app.ts';

const CODE = `
  app.http('pid', { methods: ['GET'], handler: () => ({ body: String(process.pid) }) });
  app.http('hang', { methods: ['GET'], handler: () => { console.log('hanging'); return new Promise(() => {}); } });
  app.http('crash', { methods: ['GET'], handler: () => process.exit(3) });`;

const pidOf = async (url: string) => Number(await (await fetch(`${url}/api/pid`)).text());

test('a function that exceeds functionTimeout fails, and the app is replaced on the same port', async () => {
  const host = await startApp({ code: CODE, hostJson: { functionTimeout: '00:00:01' } });
  const before = await pidOf(host.url);
  expect((await fetch(`${host.url}/api/hang`)).status).toBe(500);
  const after = await waitFor(async () => (await pidOf(host.url)) !== before && pidOf(host.url), { what: 'a new process' });
  expect(after).not.toBe(before);
  expect(host.lines.join('\n')).toContain('Timeout value of 1000 ms was exceeded by function: Functions.hang');
});

test('what else was running when a function timed out fails with it', async () => {
  const code = `${CODE}
    app.http('late', { methods: ['GET'], handler: () => new Promise((resolve) => setTimeout(resolve, 60_000)) });`;
  const host = await startApp({ code, hostJson: { functionTimeout: '00:00:01' } });
  const first = fetch(`${host.url}/api/hang`);
  await waitFor(() => host.lines.includes('hanging'), { what: 'the first function' });
  const second = fetch(`${host.url}/api/late`);
  expect([(await first).status, (await second).status]).toEqual([500, 500]);
  const reasons = host.lines.filter((line) => line.startsWith('Error: '));
  expect(reasons).toContain('Error: The worker process was stopped because of a function timeout.');
});

test('a queue message whose function timed out comes again to the new process', async () => {
  const azurite = await startAzurite();
  onTestFinished(() => azurite.stop());
  const code = `
    const { output } = require('@azure/functions');
    const queue = { queueName: 'work', connection: 'AzureWebJobsStorage' };
    const out = output.storageQueue(queue);
    app.http('send', { methods: ['POST'], extraOutputs: [out], handler: (request, context) => void context.extraOutputs.set(out, 'x') });
    app.storageQueue('work', { ...queue, handler(message, { triggerMetadata }) {
      console.log('delivery', triggerMetadata.dequeueCount);
      return triggerMetadata.dequeueCount === 1 ? new Promise(() => {}) : undefined;
    } });`;
  const hostJson = { functionTimeout: '00:00:01', extensions: { queues: { maxPollingInterval: '00:00:00.5' } } };
  const host = await startApp({ code, hostJson, env: { AzureWebJobsStorage: azurite.connectionString } });
  await fetch(`${host.url}/api/send`, { method: 'POST' });
  await waitFor(() => host.lines.includes('delivery 2'), { what: 'the second delivery' });
  expect(host.lines.filter((line) => line.startsWith('delivery'))).toEqual(['delivery 1', 'delivery 2']);
});

test('an app that crashes is started again, until it keeps crashing', async () => {
  const host = await startApp({ code: CODE });
  const pids = new Set<number>();
  for (let crashes = 0; crashes <= 3; crashes++) {
    pids.add(await waitFor(() => pidOf(host.url), { what: 'the app to answer' }));
    await fetch(`${host.url}/api/crash`).catch(() => undefined);
  }
  expect(await host.exited).toBe(1);
  expect(pids.size).toBe(4);
  expect(host.lines).toContain('The app keeps exiting; giving up.');
});
