import { randomUUID } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { describe, expect, inject, test } from 'vitest';
import { loadConfig } from '../../src/lib/config.ts';
import { connectBlobs, connectQueues } from '../../src/lib/connect/storage.ts';
import { fakeCredential } from './fake-credential.ts';
import { refusingPort, silentServer } from './sockets.ts';

const storage = inject('storage');
const ACCOUNT = 'AccountName=devstoreaccount1;AccountKey=c2VjcmV0';

function configured(env: Record<string, string>) {
  const { blob, queue } = loadConfig({ AZURE_FUNCTIONS_ENVIRONMENT: 'Development', ...env });
  if (!blob || !queue) throw new Error('no storage configured');
  return { blob, queue };
}

describe('queues', () => {
  test('ring puts a Base64 JSON text on the queue with the prefix', async () => {
    const prefix = `t${randomUUID().slice(0, 8)}-`;
    const { queue } = configured({ AzureWebJobsStorage: storage, QUEUE_PREFIX: prefix });
    const target = QueueServiceClient.fromConnectionString(storage).getQueueClient(`${prefix}reflect`);
    await target.create();

    const { ring, ping } = connectQueues(queue);
    await ping('reflect');
    expect(await ring('reflect', { job_id: 'j1', text: 'ünï' })).toBe(true);
    const { receivedMessageItems } = await target.receiveMessages();
    const text = Buffer.from(receivedMessageItems[0]?.messageText ?? '', 'base64').toString();
    expect(JSON.parse(text)).toEqual({ job_id: 'j1', text: 'ünï' });
  });

  test('ring with a delay leaves the message out of sight until then', async () => {
    const { queue } = configured({ AzureWebJobsStorage: storage, QUEUE_PREFIX: `t${randomUUID().slice(0, 8)}-` });
    const target = QueueServiceClient.fromConnectionString(storage).getQueueClient(`${queue.prefix}later`);
    await target.create();
    expect(await connectQueues(queue).ring('later', {}, { delaySeconds: 60 })).toBe(true);
    expect((await target.receiveMessages()).receivedMessageItems).toHaveLength(0);
    expect((await target.getProperties()).approximateMessagesCount).toBe(1);
  });

  test('ring answers false when there is no such queue, and ping says so', async () => {
    const { queue } = configured({ AzureWebJobsStorage: storage });
    const { ring, ping } = connectQueues(queue);
    expect(await ring(`missing-${randomUUID()}`, {})).toBe(false);
    await expect(ping('missing')).rejects.toThrow(/does not exist/);
  });

  test('ring answers false soon when nobody listens, and when nobody answers, after one try', async () => {
    const silent = await silentServer();
    try {
      for (const port of [await refusingPort(), silent.port]) {
        const at = `DefaultEndpointsProtocol=http;${ACCOUNT};QueueEndpoint=http://127.0.0.1:${port}/a`;
        const { queue } = configured({ AzureWebJobsStorage: at });
        const { ring } = connectQueues(queue);
        const started = performance.now();
        expect(await ring('reflect', {})).toBe(false);
        expect(performance.now() - started).toBeLessThan(1000);
      }
      expect(silent.accepted()).toBe(1);
    } finally {
      await silent.stop();
    }
  });

  test('ring answers false for a payload that is no JSON', async () => {
    const { queue } = configured({ AzureWebJobsStorage: storage });
    expect(await connectQueues(queue).ring('reflect', { n: 1n })).toBe(false);
  });
});

describe('blobs', () => {
  test('are read and written in the three containers of the prefix', async () => {
    const prefix = `t${randomUUID().slice(0, 8)}`;
    const { blob } = configured({ BLOB_CONNECTION_STRING: storage, BLOB_CONTAINER: prefix });
    const service = BlobServiceClient.fromConnectionString(storage);
    const { containers, ping, close } = connectBlobs(blob);
    await expect(ping()).rejects.toThrow(`Blob container ${prefix}-wb does not exist`);

    for (const name of ['tr', 'arc', 'wb', 'it']) await service.createContainer(`${prefix}-${name}`);
    await ping();
    const { transcripts, archives, writes, items } = await containers();
    for (const container of [transcripts, archives, writes, items]) await container.uploadBlockBlob('a', 'text', 4);
    const names = [transcripts, archives, writes, items].map(({ containerName }) => containerName);
    expect(names).toEqual([`${prefix}-tr`, `${prefix}-arc`, `${prefix}-wb`, `${prefix}-it`]);
    expect((await service.getContainerClient(`${prefix}-arc`).getBlobClient('a').downloadToBuffer()).toString()).toBe('text');
    close();
  });

  test('fall back to the host storage on a developer machine', async () => {
    const prefix = `t${randomUUID().slice(0, 8)}`;
    const { blob } = configured({ AzureWebJobsStorage: storage, BLOB_CONTAINER: prefix });
    await BlobServiceClient.fromConnectionString(storage).createContainer(`${prefix}-wb`);
    const { ping, close } = connectBlobs(blob);
    await ping();
    close();
  });

  test('a call is over after the timeout when nobody answers, and not tried again', async () => {
    const silent = await silentServer();
    const at = `DefaultEndpointsProtocol=http;${ACCOUNT};BlobEndpoint=http://127.0.0.1:${silent.port}/a`;
    const { blob } = configured({ BLOB_CONNECTION_STRING: at, BLOB_TIMEOUT_MS: '500' });
    const { containers, close } = connectBlobs(blob);
    const { writes } = await containers();
    const started = performance.now();
    await expect(writes.getBlobClient('a').download()).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(2000);
    expect(silent.accepted()).toBe(1);
    close();
    await silent.stop();
  });

  test('ping is over after the timeout when nobody answers', async () => {
    const silent = await silentServer();
    const at = `DefaultEndpointsProtocol=http;${ACCOUNT};BlobEndpoint=http://127.0.0.1:${silent.port}/a`;
    const { blob } = configured({ BLOB_CONNECTION_STRING: at, BLOB_TIMEOUT_MS: '500' });
    const { ping, close } = connectBlobs(blob);
    const started = performance.now();
    await expect(ping()).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(2000);
    close();
    await silent.stop();
  });

  test('use no more sockets than configured', async () => {
    const silent = await silentServer();
    const at = `DefaultEndpointsProtocol=http;${ACCOUNT};BlobEndpoint=http://127.0.0.1:${silent.port}/a`;
    const { blob } = configured({ BLOB_CONNECTION_STRING: at, BLOB_MAX_CONNECTIONS: '2', BLOB_TIMEOUT_MS: '500' });
    const { containers, close } = connectBlobs(blob);
    const { writes } = await containers();
    const calls = Array.from({ length: 6 }, () => writes.exists({ abortSignal: AbortSignal.timeout(300) }));
    await Promise.allSettled(calls);
    expect(silent.most()).toBe(2);
    close();
    await silent.stop();
  });

  test('under an address need a credential, and ask it for a storage token', async () => {
    const { blob } = configured({ BLOB_ACCOUNT_URL: `https://127.0.0.1:${await refusingPort()}`, BLOB_TIMEOUT_MS: '500' });
    await expect(connectBlobs(blob).ping()).rejects.toThrow(/needs a credential/);
    const credential = fakeCredential({ oid: 'o' });
    const { ping, close } = connectBlobs(blob, { credential });
    await expect(ping()).rejects.toThrow();
    expect(credential.scopes.flat()).toEqual(['https://storage.azure.com/.default']);
    close();
  });
});
