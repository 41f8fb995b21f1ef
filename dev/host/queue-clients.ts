import type { QueueClient } from '@azure/storage-queue';
import { storageConnection } from './app-settings.ts';

type Environment = Record<string, string | undefined>;

export interface QueueClients {
  /** The queue of a binding; `connection` names an app setting. */
  get(name: string, connection: string | undefined): QueueClient;
  /** Puts a message with its final text into a queue, which is created when it is not there. */
  send(queue: QueueClient, text: string): Promise<void>;
  /** `notice` is called when this host has put a message into the queue; the function returned ends that. */
  onSent(queue: QueueClient, notice: () => void): () => void;
}

/** Queue clients of this host, one per queue. The SDK takes 0.1 s to load: call this only for an app that has queue bindings. */
export async function createQueueClients(env: Environment): Promise<QueueClients> {
  const { QueueServiceClient } = await import('@azure/storage-queue');
  const clients = new Map<string, QueueClient>();
  const watchers = new Map<string, Set<() => void>>();

  return {
    get(name, connection) {
      const key = `${connection ?? ''}/${name}`;
      const known = clients.get(key);
      if (known) return known;
      const service = QueueServiceClient.fromConnectionString(storageConnection(connection, env));
      const client = service.getQueueClient(name);
      clients.set(key, client);
      return client;
    },
    async send(queue, text) {
      try {
        await queue.sendMessage(text);
      } catch (error) {
        if ((error as { statusCode?: number }).statusCode !== 404) throw error;
        await queue.createIfNotExists();
        await queue.sendMessage(text);
      }
      for (const notice of watchers.get(queue.url) ?? []) notice();
    },
    onSent(queue, notice) {
      const notices = watchers.get(queue.url) ?? new Set();
      watchers.set(queue.url, notices.add(notice));
      return () => notices.delete(notice);
    },
  };
}
