import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { expect, onTestFinished, test } from 'vitest';
import { startAzurite } from '../../../dev/azurite/start.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const COUNT = 50;
const numbers = Array.from({ length: COUNT }, (_, index) => index);

async function startInChild(location: string) {
  const child = fork(join(import.meta.dirname, 'child.ts'), [location], { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [connectionString] = await once(child, 'message');
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { ...clients(connectionString), kill };
}

async function startHere(location: string) {
  const azurite = await startAzurite({ location });
  onTestFinished(() => azurite.stop());
  return clients(azurite.connectionString);
}

const clients = (connectionString: string) => ({
  container: BlobServiceClient.fromConnectionString(connectionString).getContainerClient('evidence'),
  queue: QueueServiceClient.fromConnectionString(connectionString).getQueueClient('doorbells'),
});

test('blobs and queue messages acknowledged before SIGKILL are there after a restart', async () => {
  const location = temporaryDirectory();
  const before = await startInChild(location);
  await Promise.all([before.container.create(), before.queue.create()]);
  await Promise.all(numbers.map((n) => before.container.getBlockBlobClient(`blob-${n}`).upload(`text ${n}`, `text ${n}`.length)));
  await Promise.all(numbers.map((n) => before.queue.sendMessage(`message ${n}`)));
  await before.kill();

  const after = await startHere(location);
  const texts = await Promise.all(numbers.map(async (n) => String(await after.container.getBlobClient(`blob-${n}`).downloadToBuffer())));
  expect(texts).toEqual(numbers.map((n) => `text ${n}`));
  const messages: string[] = [];
  for (let page = 0; page < 3; page++) {
    const { receivedMessageItems } = await after.queue.receiveMessages({ numberOfMessages: 32 });
    messages.push(...receivedMessageItems.map(({ messageText }) => messageText));
  }
  expect(messages.toSorted()).toEqual(numbers.map((n) => `message ${n}`).toSorted());
});

test('what was deleted, overwritten or hidden before SIGKILL stays so', async () => {
  const location = temporaryDirectory();
  const before = await startInChild(location);
  await Promise.all([before.container.create(), before.queue.create()]);
  const kept = before.container.getBlockBlobClient('kept');
  await kept.upload('first', 5);
  await kept.upload('second', 6, { metadata: { lang: 'en' } });
  const deleted = before.container.getBlockBlobClient('deleted');
  await deleted.upload('gone', 4);
  await deleted.delete();
  for (const text of ['handled', 'hidden', 'waiting']) await before.queue.sendMessage(text);
  const [handled] = (await before.queue.receiveMessages()).receivedMessageItems;
  await before.queue.deleteMessage(handled!.messageId, handled!.popReceipt);
  const [hidden] = (await before.queue.receiveMessages({ visibilityTimeout: 600 })).receivedMessageItems;
  await before.kill();

  const after = await startHere(location);
  const { metadata } = await after.container.getBlobClient('kept').getProperties();
  expect(metadata).toEqual({ lang: 'en' });
  expect(String(await after.container.getBlobClient('kept').downloadToBuffer())).toBe('second');
  expect(await after.container.getBlobClient('deleted').exists()).toBe(false);
  const { receivedMessageItems } = await after.queue.receiveMessages({ numberOfMessages: 32 });
  expect(receivedMessageItems.map(({ messageText }) => messageText)).toEqual(['waiting']);
  await after.queue.deleteMessage(hidden!.messageId, hidden!.popReceipt);
  expect((await after.queue.getProperties()).approximateMessagesCount).toBe(1);
});

test('without a location nothing is written and every start is empty', async () => {
  const azurite = await startAzurite();
  const { container } = clients(azurite.connectionString);
  await container.create();
  await azurite.stop();

  const next = await startAzurite();
  onTestFinished(() => next.stop());
  expect(await clients(next.connectionString).container.exists()).toBe(false);
});

test('a taken port is an error', async () => {
  const first = await startAzurite();
  onTestFinished(() => first.stop());
  const blobPort = Number(new URL(first.blobUrl).port);
  await expect(startAzurite({ blobPort })).rejects.toThrow('EADDRINUSE');
});
