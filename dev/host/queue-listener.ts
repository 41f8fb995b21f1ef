import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { QueueOptions } from './host-settings.ts';
import type { Listener } from './listener.ts';
import type { Log } from './log.ts';
import type { QueueClients } from './queue-clients.ts';
import { VISIBILITY_SECONDS } from './queue-processor.ts';

interface QueueListenerOptions {
  queue: QueueClient;
  clients: QueueClients;
  process: (message: DequeuedMessageItem) => Promise<void>;
  options: QueueOptions;
  log: Log;
}

const MIN_DELAY_MS = 100;

/** Receives batches as long as there are messages, and looks less and less often while there are none. */
export function listenToQueue({ queue, clients, process, options, log }: QueueListenerOptions): Listener {
  const { batchSize, newBatchThreshold, maxPollingIntervalMs } = options;
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let emptyRounds = 0;
  let lastProblem = '';
  let wake = () => {};

  async function receive(): Promise<DequeuedMessageItem[]> {
    try {
      const request = { numberOfMessages: batchSize, visibilityTimeout: VISIBILITY_SECONDS, abortSignal: stopping.signal };
      const { receivedMessageItems } = await queue.receiveMessages(request);
      lastProblem = '';
      return receivedMessageItems;
    } catch (error) {
      report(error as Error & { statusCode?: number });
      return [];
    }
  }

  /** A queue that does not exist yet is an empty one; any other trouble is told once. */
  function report({ statusCode, message }: Error & { statusCode?: number }): void {
    if (stopping.signal.aborted || statusCode === 404 || message === lastProblem) return;
    lastProblem = message;
    log.warn(`queue ${queue.name}: ${message}`);
  }

  function begin(message: DequeuedMessageItem): void {
    const work = process(message)
      .catch((error: Error) => log.problem(`queue ${queue.name}: message ${message.messageId}: ${error.message}`))
      .finally(() => running.delete(work));
    running.add(work);
  }

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function listen(): Promise<void> {
    while (!stopping.signal.aborted) {
      const messages = await receive();
      for (const message of messages) begin(message);
      if (messages.length > 0) emptyRounds = 0;
      else await pause(pollingDelay(emptyRounds++, maxPollingIntervalMs));
      while (running.size > newBatchThreshold) await Promise.race(running);
    }
  }

  const forget = clients.onSent(queue, () => wake());
  const listening = listen();
  return {
    async stop() {
      stopping.abort();
      forget();
      wake();
      await listening;
      await Promise.all(running);
    },
  };
}

/** Doubles with every empty round, ±20 %, up to the maximum: the queue extension's randomised exponential backoff. */
export function pollingDelay(emptyRounds: number, maxMs: number, random = Math.random()): number {
  if (emptyRounds === 0) return MIN_DELAY_MS;
  const spread = 0.8 + random * 0.4;
  return Math.min(maxMs, MIN_DELAY_MS + spread * 2 ** (emptyRounds - 1) * MIN_DELAY_MS);
}
