import type * as sdk from 'openai';
import type { ModelFailure } from './port.ts';

/** What went wrong on the wire: a reason, and a message without any text of the request or the answer. */
export interface Failure {
  reason: ModelFailure;
  message: string;
  retry_after_ms?: number;
}

/** Reads an error of the SDK. Its own message may quote the request, so only status and code are passed on. */
export function failureOf(error: unknown, openai: typeof sdk, now: () => number): Failure {
  if (error instanceof openai.APIUserAbortError) return { reason: 'aborted', message: 'the model call was aborted' };
  if (error instanceof openai.APIConnectionTimeoutError) return { reason: 'timeout', message: 'the model did not answer in time' };
  if (error instanceof openai.APIConnectionError) return { reason: 'unavailable', message: 'the model server could not be reached' };
  if (error instanceof openai.APIError) return statusFailure(error, now);
  if (error instanceof SyntaxError) return { reason: 'malformed', message: 'the model server answered with something that is not JSON' };
  // what is left before anything is sent: the token provider
  return { reason: 'unauthorized', message: 'no credential for the model server could be had' };
}

/** True when a 400 names this part of the request as what it does not take. */
export function refusesParameter(error: unknown, names: RegExp): boolean {
  if (!(error instanceof Error) || !('status' in error) || (error.status !== 400 && error.status !== 422)) return false;
  const param = 'param' in error ? String(error.param) : '';
  return names.test(param) || names.test(error.message);
}

function statusFailure(error: InstanceType<typeof sdk.APIError>, now: () => number): Failure {
  const code = /^[\w.-]{1,60}$/.test(String(error.code ?? '')) ? String(error.code) : '';
  const message = `the model server answered ${error.status ?? 'with an error'}${code === '' ? '' : ` (${code})`}`;
  const retry_after_ms = retryAfter(error.headers, now);
  const reason = statusReason(error.status ?? 0, code);
  return { reason, message, ...(retry_after_ms === undefined ? {} : { retry_after_ms }) };
}

function statusReason(status: number, code: string): ModelFailure {
  if (code === 'context_length_exceeded') return 'truncated';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 429) return 'rate_limited';
  if (status === 408 || status === 504) return 'timeout';
  // a missing model or a wrong path is repaired by an operator: trying again later is right
  if (status === 404 || status === 409 || status >= 500 || status === 0) return 'unavailable';
  return 'refused';
}

/** `Retry-After` in milliseconds, whether it came as seconds, as a date or as Azure's milliseconds. */
export function retryAfter(headers: Headers | undefined, now: () => number): number | undefined {
  const ms = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const text = headers?.get('retry-after');
  if (!text) return undefined;
  const seconds = Number(text);
  const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
