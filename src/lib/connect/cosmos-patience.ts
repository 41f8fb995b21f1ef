import { setTimeout as pause } from 'node:timers/promises';
import type { PluginConfig } from '@azure/cosmos';
import { backoffMs } from './backoff.ts';

/** One HTTP call to Cosmos DB, as it went: the status (0 when there was no answer), its charge and its time. */
export interface CosmosCall {
  status: number;
  /** Request units. */
  charge: number;
  ms: number;
}

interface PatienceOptions {
  maxRetries: number;
  onCall?: (call: CosmosCall) => void;
}

type Plugin = PluginConfig['plugin'];
type RequestContext = Parameters<Plugin>[0];

interface Failure {
  code?: unknown;
  headers?: Record<string, unknown>;
}

const CHARGE = 'x-ms-request-charge';
const SERVER_GONE = new Set(['ECONNRESET', 'EPIPE']);
/** Also the answer of a region that no longer takes writes. */
const FORBIDDEN = 403;

const chargeIn = (headers: Record<string, unknown> | undefined) => Number(headers?.[CHARGE] ?? 0);

/** Also a batch that only reads. */
function isRead({ operationType, body }: RequestContext): boolean {
  const operation = String(operationType);
  if (operation !== 'batch') return operation === 'read' || operation === 'query';
  const operations: unknown = typeof body === 'string' ? JSON.parse(body) : body;
  return Array.isArray(operations) && operations.every(({ operationType: type }: { operationType?: unknown }) => type === 'Read');
}

/** No code that the SDK's retry policies know, so that none of them goes on. */
class UnansweredError extends Error {
  constructor(cause: unknown) {
    super(`Cosmos DB did not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'UnansweredError';
  }
}

/** Whether the SDK may try again: throttling and refusals have bounds of their own, a failing server gets maxRetries, silence none. */
function mayGoOn({ code }: Failure, { retryCount = 0 }: RequestContext, maxRetries: number): boolean {
  if (typeof code !== 'number') return false;
  const mayLast = code === FORBIDDEN || code >= 500;
  return !mayLast || retryCount < maxRetries;
}

/** Errors after which the SDK tries again by itself: throttling after as long as the server says, a failing server at once. */
const isTriedAgain = ({ code }: Failure): boolean => code === 429 || code === 503;

/**
 * Ends the SDK's patience and counts its calls. Left alone, a read that times out or an account that cannot be reached is
 * tried 120 times. Only a read on a connection that the server had meanwhile closed is sent again, at once.
 * What the SDK tries again waits a random while more, so that callers who were throttled together do not return together.
 */
export function patience({ maxRetries, onCall = () => {} }: PatienceOptions): PluginConfig {
  async function attempt(...[context, _node, next]: Parameters<Plugin>): ReturnType<Plugin> {
    const started = performance.now();
    const count = (status: number, headers: Record<string, unknown> | undefined) =>
      onCall({ status, charge: chargeIn(headers), ms: performance.now() - started });
    try {
      const response = await next(context);
      count(response.code ?? 0, response.headers);
      return response;
    } catch (error) {
      const { code, headers } = error as Failure;
      count(typeof code === 'number' ? code : 0, headers);
      throw error;
    }
  }

  const plugin: Plugin = async (...call) => {
    const [context] = call;
    try {
      return await attempt(...call);
    } catch (error) {
      const failure = error as Failure;
      if (mayGoOn(failure, context, maxRetries)) {
        if (isTriedAgain(failure)) await pause(backoffMs(context.retryCount || 0)); // the SDK counts some tries as NaN
        throw error;
      }
      if (!isRead(context) || !SERVER_GONE.has(String(failure.code))) throw new UnansweredError(error);
    }
    try {
      return await attempt(...call);
    } catch (error) {
      throw mayGoOn(error as Failure, context, maxRetries) ? error : new UnansweredError(error);
    }
  };
  return { on: 'request', plugin };
}
