import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from './backoff.ts';

/** One HTTP call to Blob Storage, as it went: the status, 0 when there was no answer, and the time to its headers. */
export interface BlobCall {
  status: number;
  ms: number;
}
interface PatienceOptions {
  maxTries: number;
  /** No try begins later than this after the first one. */
  deadlineMs: number;
  onCall: (call: BlobCall) => void;
}

/** Throttling, and servers that fail for a moment. */
const MAY_PASS = new Set([429, 500, 502, 503, 504]);
const CONNECTION_LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'REQUEST_SEND_ERROR']);

const statusOf = (error: unknown): number => (error as { statusCode?: number }).statusCode ?? 0;
/** A call that timed out is not lost but slow: it had all the time there is. */
function mayPass(error: unknown): boolean {
  const { name, code } = error as { name?: string; code?: string };
  return MAY_PASS.has(statusOf(error)) || (name !== 'AbortError' && CONNECTION_LOST.has(code ?? ''));
}

/** Sends until it is answered, at most `maxTries` times, with growing waits. The SDK's own waits are whole seconds in step. */
export async function patiently<T extends { status: number }>(send: () => Promise<T>, options: PatienceOptions): Promise<T> {
  const { maxTries, deadlineMs, onCall } = options;
  const begun = performance.now();
  for (let tries = 1; ; tries++) {
    const started = performance.now();
    try {
      const response = await send();
      onCall({ status: response.status, ms: performance.now() - started });
      return response;
    } catch (error) {
      onCall({ status: statusOf(error), ms: performance.now() - started });
      const wait = backoffMs(tries);
      const isLate = performance.now() - begun + wait > deadlineMs;
      if (tries >= maxTries || isLate || !mayPass(error)) throw error;
      await pause(wait);
    }
  }
}
