import { setTimeout as pause } from 'node:timers/promises';
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue';
import type { HostClient } from './host-client.ts';

/** One delivery of a message, as the app recorded it. */
export interface Delivery {
  type: string;
  value: unknown;
  metadata: Record<string, unknown>;
  /** How many deliveries of the app were going on at that moment, this one included. */
  running: number;
  function: string;
}

export interface QueueProbe {
  /** Makes every queue of the suite exist and empty. */
  prepare(): Promise<void>;
  /** Puts a message whose stored text is given into a queue; its id. */
  put(queue: string, storedText: string): Promise<string>;
  /** The deliveries of a message once there are `count` of them, or what there was after the time limit. */
  deliveries(messageId: string, count?: number): Promise<Delivery[]>;
  /** The stored texts in a queue, in order, that `matches` likes, once there are `count`, or after the time limit. */
  peek(queue: string, matches: (storedText: string) => boolean, count?: number): Promise<string[]>;
  /** How many messages a queue has, hidden ones included: 0 as soon as there are none, or the number after the time limit. */
  countWhenEmpty(queue: string): Promise<number>;
}

const QUEUES = ['in', 'in-poison', 'named', 'disabled', 'out', 'forward'];
const LIMIT_MS = 20_000;
const PEEK_LIMIT = 32;

/** Base64 of the text: what the host expects to find in a queue. */
export function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function createQueueProbe(connection: string, host: HostClient): QueueProbe {
  const service = QueueServiceClient.fromConnectionString(connection);
  const queue = (name: string): QueueClient => service.getQueueClient(`conformance-${name}`);

  async function until<T>(look: () => Promise<T[]>, count: number): Promise<T[]> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const seen = await look();
      if (seen.length >= count || Date.now() > deadline) return seen;
      await pause(50);
    }
  }

  return {
    async prepare() {
      for (const name of QUEUES) {
        await queue(name).createIfNotExists();
        await queue(name).clearMessages();
      }
    },
    async put(name, storedText) {
      const { messageId } = await queue(name).sendMessage(storedText);
      return messageId;
    },
    deliveries: (messageId, count = 1) => until(async () => (await host.send(`/api/records/${messageId}`)).json ?? [], count),
    peek(name, matches, count = 1) {
      return until(async () => {
        const { peekedMessageItems } = await queue(name).peekMessages({ numberOfMessages: PEEK_LIMIT });
        return peekedMessageItems.map(({ messageText }) => messageText).filter(matches);
      }, count);
    },
    async countWhenEmpty(name) {
      const count = async () => (await queue(name).getProperties()).approximateMessagesCount ?? 0;
      await until(async () => ((await count()) === 0 ? [0] : []), 1);
      return count();
    },
  };
}
