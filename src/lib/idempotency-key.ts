import type { HttpRequest } from '@azure/functions';
import { MemoryError } from './errors.ts';

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The Idempotency-Key header: 1–255 visible ASCII characters. Errors: invalid_id. */
export function idempotencyKeyOf(request: HttpRequest): string | undefined {
  const key = request.headers.get('idempotency-key');
  if (key === null) return undefined;
  if (!KEY.test(key))
    throw new MemoryError('invalid_id', `Idempotency-Key must be 1–255 visible ASCII characters, saw ${key.length} characters`);
  return key;
}
