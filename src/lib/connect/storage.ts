import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { TokenCredential } from '@azure/identity';
import type { ContainerClient } from '@azure/storage-blob';
import type { QueueServiceClient } from '@azure/storage-queue';
import type { BlobConfig, QueueConfig } from '../config/storage.ts';
import { type BlobCall, patiently } from './blob-patience.ts';
import { type Sockets, socketsOf } from './socket-count.ts';

export interface StorageOptions {
  /** Needed when the account is named by its address. */
  credential?: TokenCredential;
}
export interface BlobOptions extends StorageOptions {
  /** Told of every HTTP call, retries included. */
  onCall?: (call: BlobCall) => void;
}

export interface BlobContainers {
  transcripts: ContainerClient;
  archives: ContainerClient;
  writes: ContainerClient;
  items: ContainerClient;
}

export interface BlobConnection {
  /** The four containers, loaded with the first call; they are expected to be there. */
  containers: () => Promise<BlobContainers>;
  /** Resolves when the account answers and the containers were made. */
  ping: () => Promise<void>;
  sockets: () => Sockets;
  /** Closes the sockets; calls under way fail. */
  close: () => void;
}

/** Rings a queue once, within half a second, base64 as the host expects; false when it is not known to have arrived. */
export type Ring = (queue: string, payload: object, options?: { delaySeconds?: number }) => Promise<boolean>;

export interface QueueConnection {
  /** Puts one message on a queue: one try, at most ringTimeoutMs. False when it is not known to have arrived; never throws. */
  ring: (queueName: string, payload: unknown, options?: { delaySeconds?: number }) => Promise<boolean>;
  /** Resolves when this queue is there; the identity's role allows no question about the account. */
  ping: (queueName: string) => Promise<void>;
}

const PING_TIMEOUT_MS = 2000;
const MAX_TRIES = 3;

/** One promise for all callers; a failure is forgotten, so that the next caller tries anew. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

function needed(credential: TokenCredential | undefined, url: string | undefined): { url: string; credential: TokenCredential } {
  if (!url) throw new Error('Storage has neither an address nor a connection string');
  if (!credential) throw new Error(`Storage at ${url} needs a credential`);
  return { url, credential };
}

/** The blob account with sockets of its own, at most maxConnections of them. */
async function blobService(config: BlobConfig, { credential, onCall = () => {} }: BlobOptions) {
  const { accountUrl, connectionString, timeoutMs, maxConnections } = config;
  const { BlobServiceClient, newPipeline } = await import('@azure/storage-blob');
  const account = connectionString ? BlobServiceClient.fromConnectionString(connectionString) : needed(credential, accountUrl);
  const Agent = account.url.startsWith('https:') ? HttpsAgent : HttpAgent;
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections });
  const pipeline = newPipeline(account.credential, { retryOptions: { maxTries: 1 } });
  pipeline.factories.unshift({
    create: (next) => ({
      sendRequest(request) {
        request.agent = agent;
        // The SDK's own tryTimeoutInMs only asks the server to hurry.
        request.timeout = timeoutMs;
        return patiently(() => next.sendRequest(request), { maxTries: MAX_TRIES, deadlineMs: timeoutMs, onCall });
      },
    }),
  });
  return { service: new BlobServiceClient(account.url, pipeline), agent };
}

/** The connection to Blob Storage. @azure/storage-blob costs 150 ms to load, so it waits for the first call. */
export function connectBlobs(config: BlobConfig, options: BlobOptions = {}): BlobConnection {
  let agent: HttpAgent | undefined;
  const open = once(async () => {
    const opened = await blobService(config, options);
    agent = opened.agent;
    return opened.service;
  });
  const { transcripts, archives, writes, items } = config.containers;

  return {
    containers: async () => {
      const service = await open();
      return {
        transcripts: service.getContainerClient(transcripts),
        archives: service.getContainerClient(archives),
        writes: service.getContainerClient(writes),
        items: service.getContainerClient(items),
      };
    },
    ping: async () => {
      const service = await open();
      const there = await service.getContainerClient(writes).exists({ abortSignal: AbortSignal.timeout(config.timeoutMs) });
      if (!there) throw new Error(`Blob container ${writes} does not exist`);
    },
    sockets: () => socketsOf(agent, config.maxConnections),
    close: () => agent?.destroy(),
  };
}

async function queueService({ serviceUri, connectionString }: QueueConfig, { credential }: StorageOptions): Promise<QueueServiceClient> {
  const { QueueServiceClient } = await import('@azure/storage-queue');
  const oneTry = { retryOptions: { maxTries: 1 } };
  if (connectionString) return QueueServiceClient.fromConnectionString(connectionString, oneTry);
  const account = needed(credential, serviceUri);
  return new QueueServiceClient(account.url, account.credential, oneTry);
}

/** The Functions host decodes Base64 by default, and the SDK does not encode by itself. */
const encoded = (payload: unknown) => Buffer.from(JSON.stringify(payload)).toString('base64');

/** The connection to the queues of the Functions host. */
export function connectQueues(config: QueueConfig, options: StorageOptions = {}): QueueConnection {
  const open = once(() => queueService(config, options));
  const queue = async (name: string) => (await open()).getQueueClient(`${config.prefix}${name}`);

  return {
    ring: async (queueName, payload, { delaySeconds = 0 } = {}) => {
      try {
        const client = await queue(queueName);
        const abortSignal = AbortSignal.timeout(config.ringTimeoutMs);
        await client.sendMessage(encoded(payload), { abortSignal, visibilityTimeout: delaySeconds });
        return true;
      } catch {
        return false;
      }
    },
    ping: async (queueName) => {
      const client = await queue(queueName);
      const there = await client.exists({ abortSignal: AbortSignal.timeout(PING_TIMEOUT_MS) });
      if (!there) throw new Error(`Queue ${client.name} does not exist`);
    },
  };
}
