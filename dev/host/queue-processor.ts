import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { HostFunction } from './functions.ts';
import type { QueueOptions } from './host-settings.ts';
import type { Invoker } from './invoke.ts';
import type { Log } from './log.ts';
import type { QueueClients } from './queue-clients.ts';
import { decodeMessage, textOf } from './queue-text.ts';
import type { TypedData } from './worker-protocol.ts';

interface ProcessorOptions {
  fn: HostFunction;
  queue: QueueClient;
  /** None for a queue that is a poison queue itself. */
  poisonQueue: QueueClient | undefined;
  clients: QueueClients;
  invoker: Invoker;
  log: Log;
  options: QueueOptions;
}

/** How long a received message stays invisible; renewed at half of it while its function runs. */
export const VISIBILITY_SECONDS = 600;

/** Handles one received message: run, then delete; on failure back to the queue or, when it has failed too often, to poison. */
export function createMessageProcessor({ fn, queue, poisonQueue, clients, invoker, log, options }: ProcessorOptions) {
  const { maxDequeueCount, visibilityTimeoutMs, isBase64 } = options;

  async function moveToPoison({ messageText, messageId }: DequeuedMessageItem, popReceipt: string): Promise<void> {
    if (!poisonQueue) return;
    await clients.send(poisonQueue, messageText);
    await ignoreTakenOver(queue.deleteMessage(messageId, popReceipt));
  }

  async function succeeds(message: DequeuedMessageItem, bytes: Buffer): Promise<boolean> {
    try {
      const text = textOf(bytes);
      await invoker.invoke(fn, { data: { string: text }, triggerMetadata: triggerMetadata(message, text) });
      return true;
    } catch (error) {
      if (error instanceof TypeError) log.problem(`queue ${queue.name}: message ${message.messageId}: ${error.message}`);
      return false;
    }
  }

  return async (message: DequeuedMessageItem): Promise<void> => {
    const { messageId, messageText, dequeueCount } = message;
    const bytes = decodeMessage(messageText, isBase64);
    if (!bytes) {
      log.warn(`Message decoding has failed! Check MessageEncoding settings. MessageId=${messageId}.`);
      return moveToPoison(message, message.popReceipt);
    }
    const lease = renewLease(queue, message);
    const isDone = dequeueCount <= maxDequeueCount && (await succeeds(message, bytes));
    const popReceipt = await lease.end();
    if (isDone) return ignoreTakenOver(queue.deleteMessage(messageId, popReceipt));
    if (!poisonQueue) return; // Left invisible, so that a failing handler of poison messages does not spin.
    if (dequeueCount < maxDequeueCount) {
      return ignoreTakenOver(queue.updateMessage(messageId, popReceipt, undefined, visibilityTimeoutMs / 1000));
    }
    log.warn(`Message has reached MaxDequeueCount of ${maxDequeueCount}. Moving message to queue '${poisonQueue.name}'.`);
    return moveToPoison(message, popReceipt);
  };
}

/** Keeps the message invisible to others; `end` gives the pop receipt that is valid then. */
function renewLease(queue: QueueClient, { messageId, popReceipt }: DequeuedMessageItem) {
  let receipt = Promise.resolve(popReceipt);
  const renew = async () => {
    const current = await receipt;
    const renewed = await queue.updateMessage(messageId, current, undefined, VISIBILITY_SECONDS).catch(() => undefined);
    return renewed?.popReceipt ?? current;
  };
  const timer = setInterval(() => {
    receipt = renew();
  }, VISIBILITY_SECONDS * 500);
  return {
    end() {
      clearInterval(timer);
      return receipt;
    },
  };
}

/** A message that is gone or that another host has by now is no longer ours to settle. */
async function ignoreTakenOver(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode !== 404 && statusCode !== 400) throw error;
  }
}

function triggerMetadata(message: DequeuedMessageItem, text: string): Record<string, TypedData> {
  return {
    QueueTrigger: { string: text },
    Id: { string: message.messageId },
    PopReceipt: { string: message.popReceipt },
    DequeueCount: json(message.dequeueCount),
    InsertionTime: json(message.insertedOn),
    ExpirationTime: json(message.expiresOn),
    NextVisibleTime: json(message.nextVisibleOn),
  };
}

function json(value: unknown): TypedData {
  return { json: JSON.stringify(value) };
}
