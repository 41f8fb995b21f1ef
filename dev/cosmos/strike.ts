import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, refusal } from './answer.ts';
import { CosmosError } from './errors.ts';
import type { FaultAction, Strike } from './faults.ts';

const THROTTLED = 3200; // sub-status of a 429 for too many request units

const RATE_IS_LARGE =
  'Request rate is large. More Request Units may be needed, so no changes were made. Please retry this request later. ' +
  'Learn more: http://aka.ms/cosmosdb-error-429';

/** Code and message of the refusals that the service gives when it is not well; of any other, that it was injected. */
const WORDS: Record<number, [code: string, message: string]> = {
  408: ['RequestTimeout', 'Message: Request timed out.'],
  429: ['429', `Message: ${JSON.stringify({ Errors: [RATE_IS_LARGE] })}`],
  503: ['ServiceUnavailable', 'Service is currently unavailable. More info: https://aka.ms/cosmosdb-tsg-service-unavailable'],
};

/** What a fault answers instead of running the request; undefined when it is not of that sort. */
export function faultAnswer(action: FaultAction): Answer | undefined {
  if (!('status' in action)) return undefined;
  const { status, retryAfterMs } = action;
  const substatus = action.substatus ?? (status === 429 ? THROTTLED : undefined);
  const [code, message] = WORDS[status] ?? [`Fault${status}`, 'An injected fault.'];
  return refusal(new CosmosError(status, code, { message, substatus, retryAfterMs }));
}

/** Waits until a hang is released. False when the client left before. */
async function outlast({ released }: Strike, response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return false;
  const listening = new AbortController();
  await Promise.race([released, once(response, 'close', { signal: listening.signal })]);
  listening.abort();
  return !response.destroyed;
}

/**
 * Lets a strike have its way with a request before it is run, or after its commit. False when the request ends here: its connection
 * was reset, or the client left while it hung. A delayed request is run even when its client has left, as a slow server would.
 */
export async function survives(strike: Strike, moment: 'before' | 'after', response: ServerResponse): Promise<boolean> {
  const { action } = strike;
  if ('delayMs' in action && moment === 'before') await sleep(action.delayMs);
  if ('hang' in action && action.hang === moment) return outlast(strike, response);
  if (!('drop' in action) || action.drop !== moment) return true;
  response.socket?.resetAndDestroy();
  return false;
}
