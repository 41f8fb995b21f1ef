import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Keys {
  isEnabled: boolean;
  /** For the function's `authLevel`: anonymous, function or admin. */
  allows(request: IncomingMessage, level: string): boolean;
  isMaster(request: IncomingMessage): boolean;
  describe(): string;
}

/** The host's keys; without `--enableAuth` everybody has the rights of the master key, as under `func start`. */
export function createKeys(isEnabled: boolean, env: Record<string, string | undefined>): Keys {
  const master = env.KEEPSAKE_HOST_MASTER_KEY ?? newKey();
  const fn = env.KEEPSAKE_HOST_FUNCTION_KEY ?? newKey();
  const isMaster = (request: IncomingMessage) => !isEnabled || isSame(keyOf(request), master);
  return {
    isEnabled,
    isMaster,
    allows(request, level) {
      if (level === 'anonymous' || isMaster(request)) return true;
      return level === 'function' && isSame(keyOf(request), fn);
    },
    describe: () => `Master key: ${master}\nFunction key: ${fn}`,
  };
}

function keyOf(request: IncomingMessage): string {
  const header = request.headers['x-functions-key'];
  if (typeof header === 'string') return header;
  return new URL(`http://localhost${request.url}`).searchParams.get('code') ?? '';
}

function isSame(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function newKey(): string {
  return randomBytes(40).toString('base64url');
}
