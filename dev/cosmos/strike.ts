import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, refusal } from './answer.ts';
import { CosmosError } from './errors.ts';
import type { FaultAction, Strike } from './faults.ts';

const THROTTLED = 3200; // sub-status of a 429 for too many request units

/** What a fault answers instead of running the request; undefined when it is not of that sort. */
export function faultAnswer(action: FaultAction): Answer | undefined {
  if (!('status' in action)) return undefined;
  const { status, retryAfterMs } = action;
  const substatus = action.substatus ?? (status === 429 ? THROTTLED : undefined);
  return refusal(new CosmosError(status, `Fault${status}`, { message: 'An injected fault.', substatus, retryAfterMs }));
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
