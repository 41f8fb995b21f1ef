import { type QueueClient, QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startAzurite } from '../../../dev/azurite/start.ts';
import { createHooks } from '../../../dev/host/hooks.ts';
import { createLog } from '../../../dev/host/log.ts';
import { createQueueClients } from '../../../dev/host/queue-clients.ts';
import { listenToQueue, pollingDelay } from '../../../dev/host/queue-listener.ts';
import { decodeMessage } from '../../../dev/host/queue-text.ts';
import { startHost } from '../../../dev/host/start.ts';
import { waitFor } from '../../support/wait.ts';
import { startApp, temporaryApp } from './temporary-app.ts';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

const encoded = (text: string) => Buffer.from(text).toString('base64');
const queueOf = (name: string): QueueClient => QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(name);
const settings = () => ({ AzureWebJobsStorage: azurite.connectionString });
const quick = (queues = {}) => ({ extensions: { queues: { maxPollingInterval: '00:00:00.2', visibilityTimeout: '00:00:00', ...queues } } });
const listener = (queueName: string, body: string) =>
  `app.storageQueue('on-${queueName}', { queueName: '${queueName}', connection: '', handler: async (message, context) => { ${body} } });`;

const QUEUE_OPTIONS = { batchSize: 16, newBatchThreshold: 8, maxDequeueCount: 5, visibilityTimeoutMs: 0, isBase64: true };

const isEmpty = async (queue: QueueClient) => (await queue.getProperties()).approximateMessagesCount === 0;

test('a handled message is deleted; one that is running when the host stops is finished first', async () => {
  const queue = queueOf('finish');
  await queue.create();
  const body = `console.log('began', message); await new Promise((resolve) => setTimeout(resolve, 400)); console.log('ended', message);`;
  const host = await startApp({ code: listener('finish', body), hostJson: quick(), env: settings() });
  await queue.sendMessage(encoded('one'));
  await waitFor(() => host.lines.includes('began one'), { what: 'the handler' });
  await host.stop();
  expect(host.lines).toContain('ended one');
  expect(await isEmpty(queue)).toBe(true);
});

test('a queue that appears after the start is listened to', async () => {
  const host = await startApp({ code: listener('later', `console.log('got', message);`), hostJson: quick(), env: settings() });
  await queueOf('later').create();
  await queueOf('later').sendMessage(encoded('late'));
  await waitFor(() => host.lines.includes('got late'), { what: 'the message' });
});

test('what this host puts into a queue is taken at once, not at the next look', async () => {
  const clients = await createQueueClients(settings());
  const queue = clients.get('wake', undefined);
  let looks = 0;
  const receive = queue.receiveMessages.bind(queue);
  queue.receiveMessages = (options) => {
    looks += 1;
    return receive(options);
  };
  let takenAt = 0;
  const listening = listenToQueue({
    queue,
    clients,
    options: { ...QUEUE_OPTIONS, maxPollingIntervalMs: 600_000 },
    log: createLog(createHooks(), { isQuiet: true, isVerbose: false }),
    process: async ({ messageId, popReceipt }) => {
      takenAt = performance.now();
      await queue.deleteMessage(messageId, popReceipt);
    },
  });
  onTestFinished(() => listening.stop());
  await waitFor(() => looks >= 6, { what: 'pauses of more than a second' });
  await clients.send(queue, encoded('x'));
  const sentAt = performance.now();
  await waitFor(() => takenAt > 0, { what: 'the message' });
  expect(takenAt - sentAt).toBeLessThan(600);
});

test('a function on the poison queue gets what failed maxDequeueCount times', async () => {
  await queueOf('bad').create();
  const code = `
    ${listener('bad', `console.log('try', context.triggerMetadata.dequeueCount); throw new Error('no');`)}
    ${listener('bad-poison', `console.log('poison', JSON.stringify(message));`)}`;
  const host = await startApp({ code, hostJson: quick({ maxDequeueCount: 2 }), env: settings() });
  await queueOf('bad').sendMessage(encoded('{"a":1}'));
  await waitFor(() => host.lines.includes('poison {"a":1}'), { what: 'the poison message' });
  expect(host.lines.filter((line) => line.startsWith('try'))).toEqual(['try 1', 'try 2']);
  await waitFor(() => isEmpty(queueOf('bad-poison')), { what: 'the poison message to be deleted' });
});

test('visibilityTimeout keeps a failed message away for that long', async () => {
  await queueOf('wait').create();
  const code = listener('wait', `console.log('try', Date.now()); throw new Error('no');`);
  const host = await startApp({ code, hostJson: quick({ visibilityTimeout: '00:00:02', maxDequeueCount: 2 }), env: settings() });
  await queueOf('wait').sendMessage(encoded('x'));
  const tries = await waitFor(() => (timesOf(host.lines).length === 2 ? timesOf(host.lines) : undefined), { what: 'two tries' });
  expect(tries[1]! - tries[0]!).toBeGreaterThanOrEqual(1000); // Azurite counts in whole seconds.
});

const timesOf = (lines: string[]) => lines.filter((line) => line.startsWith('try')).map((line) => Number(line.slice(4)));

test('with messageEncoding none texts go in and out as they are', async () => {
  await queueOf('raw').create();
  const code = `
    const { output } = require('@azure/functions');
    app.storageQueue('raw', { queueName: 'raw', connection: '', return: output.storageQueue({ queueName: 'raw-out', connection: '' }),
      handler: (message) => message.text });`;
  await startApp({ code, hostJson: quick({ messageEncoding: 'none' }), env: settings() });
  await queueOf('raw').sendMessage('{"text":"plain"}');
  const texts = await waitFor(async () => (await queueOf('raw-out').peekMessages()).peekedMessageItems[0]?.messageText, {
    what: 'the output',
  });
  expect(texts).toBe('plain');
});

test.each([
  ['a connection that is not set', {}, /'on-x' function is in error: the storage connection 'AzureWebJobsStorage' is not set/],
  ['a connection string that is none', { AzureWebJobsStorage: 'nonsense' }, /'on-x' function is in error/],
])('%s stops the start', async (_what, env, message) => {
  const root = temporaryApp({ code: listener('x', '') });
  await expect(startHost({ root, env })).rejects.toThrow(message);
});

test('the pause between looks doubles up to the maximum', () => {
  const delays = [0, 1, 2, 3, 4, 9].map((round) => pollingDelay(round, 2000, 0.5));
  expect(delays).toEqual([100, 200, 300, 500, 900, 2000]);
});

test.each(['', 'YQ==', 'YWI=', 'YWJj', 'Y W\nJj'])('%j is Base64', (text) => {
  expect(decodeMessage(text, true)).toBeDefined();
});

test.each(['YQ', 'YQ=', 'YWJj=', 'a-_b', '{"a":1}', 'YQ==YQ=='])('%j is not Base64', (text) => {
  expect(decodeMessage(text, true)).toBeUndefined();
});
