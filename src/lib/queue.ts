import { app } from '@azure/functions';
import type { ZodType } from 'zod';
import { type Services, services } from './services.ts';
import { traced } from './telemetry.ts';

/** One queue: what its messages look like and the one lib call that a message starts. */
export interface QueueRoute<Payload> {
  queue: string;
  payload: ZodType<Payload>;
  run: (services: Services, payload: Payload) => Promise<unknown>;
}

/**
 * Registers a queue trigger. A message that is none of ours is logged and dropped (delivering it again cannot help); a failure is
 * thrown, so that the host delivers again. One log line a message, without its content.
 */
export function queue<Payload>(name: string, { queue: queueName, payload, run }: QueueRoute<Payload>): void {
  app.storageQueue(name, {
    queueName: `${services().config.queue?.prefix ?? ''}${queueName}`,
    connection: 'AzureWebJobsStorage',
    handler: (message) => deliver(services(), { name, message: payload.safeParse(message), run }),
  });
}

type Parsed<Payload> = ReturnType<ZodType<Payload>['safeParse']>;

function deliver<Payload>(
  context: Services,
  { name, message, run }: { name: string; message: Parsed<Payload>; run: QueueRoute<Payload>['run'] },
): Promise<void> {
  const started = performance.now();
  return traced(async (trace) => {
    let outcome = 'dropped';
    try {
      if (!message.success) return;
      outcome = 'failed';
      await run(context, message.data);
      outcome = 'done';
    } finally {
      const { redis_calls, cosmos_calls, ru, degraded } = trace;
      const ms = Math.round(performance.now() - started);
      context.log('info', 'message', { queue: name, outcome, ms, degraded: [...degraded], redis_calls, cosmos_calls, ru });
    }
  });
}
