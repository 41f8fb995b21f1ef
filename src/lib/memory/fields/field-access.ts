import type { Caller } from '../../caller.ts';
import { type ErrorCode, MemoryError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import { MAX_FIELD_BYTES, MAX_FIELDS, MAX_SESSION_FIELD_BYTES } from '../../tiers/hot-field-scripts.ts';
import type { Answered, FieldsOf, Refusal } from '../../tiers/hot-fields.ts';
import { sessionNotFound } from '../sessions/view.ts';

/**
 * Whose fields a request may touch. A session needs no record to have fields; where it has one, a caller who names a user, or is
 * bound to one, must be its user. Without a record a bound caller reaches only fields that were begun under its user, and one that
 * merely names a user any that were not begun under another. Errors: tier_disabled, scope_mismatch, session_not_found, tier_unavailable.
 */
export async function fieldsOf(services: Services, caller: Caller, asked: { session_id: string; user_id?: string }): Promise<FieldsOf> {
  if (!services.fields.enabled) throw new MemoryError('tier_disabled', 'fields live in Redis, and Redis is switched off');
  const at = { tenant: caller.tenant, session_id: asked.session_id };
  const named = asked.user_id ?? caller.user;
  if (named === undefined) return { ...at, who: '' };
  const owner = caller.owner(named);
  const user = await userOf(services, at);
  if (user !== undefined && user !== named) throw sessionNotFound(at.session_id, owner);
  const rule = caller.user !== undefined && user === undefined ? 'must' : 'may';
  return { ...at, who: `${rule}|${named}` };
}

/** The user of a session (null: it is anonymous), from its hot copy or the directory; undefined when there is no such session. */
async function userOf(services: Services, at: { tenant: string; session_id: string }): Promise<string | null | undefined> {
  const hot = await services.hot.readHead(at);
  if (hot?.head) return hot.head.user_id;
  return (await services.warm.sessions.readDirectory(at.tenant, at.session_id))?.value.user_id;
}

const DETAILS: Record<Refusal, (name: string) => string> = {
  foreign: () => 'no such session',
  busy: () => 'the session got new fields faster than they could be read',
  missing: (name) => `there is no field "${name}"`,
  precondition: (name) => `the field "${name}" is not as If-Match or If-None-Match says`,
  mismatch: () => 'this Idempotency-Key was used for another request',
  wrong_type: (name) => `the field "${name}" holds another type of value than this operation is for`,
  list_empty: (name) => `the list "${name}" has no elements`,
  index_out_of_range: (name) => `the list "${name}" has no element with this index`,
  value_not_found: (name) => `the list "${name}" has no element that equals the value`,
  field_too_large: (name) => `the value of "${name}" would have more than ${MAX_FIELD_BYTES} bytes of JSON`,
  fields_too_large: () => `the fields of the session would have more than ${MAX_SESSION_FIELD_BYTES} bytes of JSON`,
  too_many_fields: () => `the session would have more than ${MAX_FIELDS} fields`,
};

const CODES: Partial<Record<Refusal, ErrorCode>> = {
  foreign: 'session_not_found',
  busy: 'session_busy',
  missing: 'field_not_found',
  precondition: 'precondition_failed',
  mismatch: 'idempotency_mismatch',
};

/** The error that a refusal is. */
export function refusal(of: FieldsOf, refused: Refusal, name = ''): MemoryError {
  const code = CODES[refused] ?? (refused as ErrorCode);
  const detail = refused === 'foreign' ? `this user has no session "${of.session_id}"` : DETAILS[refused](name);
  return new MemoryError(code, detail, refused === 'busy' ? { retryAfterSeconds: 1 } : {});
}

/** What Redis answered, or the error that it is. Errors: tier_unavailable and those of `refusal`. */
export function settled<T extends object>(services: Services, answer: Answered<T> | undefined, asked: FieldsOf & { name?: string }): T {
  if (answer === undefined) throw redisDown(services);
  if (answer.refused) throw refusal(asked, answer.refused, asked.name);
  return answer as T;
}

/** While the breaker is open there is no use in coming back before it lets a call through. */
export function redisDown({ breakers, config }: Services): MemoryError {
  const retryAfterSeconds = breakers.redis.name() === 'open' ? config.breaker.resetSeconds : 1;
  return new MemoryError('tier_unavailable', 'Redis does not answer, and fields are nowhere else', { retryAfterSeconds });
}

const FULL: readonly (Refusal | undefined)[] = ['fields_too_large', 'too_many_fields'];

/** Tries again when there was no room and some of it was taken by values that Redis has evicted. */
export async function withRoom<T extends object>(
  services: Services,
  of: FieldsOf,
  attempt: () => Promise<Answered<T> | undefined>,
): Promise<Answered<T> | undefined> {
  const answer = await attempt();
  if (!answer || !FULL.includes(answer.refused)) return answer;
  const repaired = await services.fields.all.repair(of);
  return repaired && !repaired.refused && repaired.count > 0 ? attempt() : answer;
}
