import { CosmosError } from './errors.ts';

/** What the router answers: a JSON text, or nothing, with the request units it counts as. */
export interface Answer {
  status: number;
  text?: string;
  headers?: Record<string, string>;
  charge?: number;
}

/** An answer with a JSON body. */
export function json(status: number, body: unknown): Answer {
  return { status, text: JSON.stringify(body) };
}

/** The answer to a refused request. Anything but a CosmosError is a fault of this program: 500 with its message. */
export function refusal(error: unknown): Answer {
  if (!(error instanceof CosmosError)) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return json(500, { code: 'InternalServerError', message: `The local Cosmos stand-in failed: ${message}` });
  }
  const { status, code, message, substatus, retryAfterMs, additionalErrorInfo } = error;
  const headers: Record<string, string> = {};
  if (substatus !== undefined) headers['x-ms-substatus'] = String(substatus);
  if (retryAfterMs !== undefined) headers['x-ms-retry-after-ms'] = String(retryAfterMs);
  const body = additionalErrorInfo === undefined ? { code, message } : { code, message, additionalErrorInfo };
  return { ...json(status, body), headers };
}
