import type { ErrorCode } from '../errors.ts';

/** The body of a refusal (RFC 9457), as far as a client reads it. */
export interface Problem {
  code?: string;
  detail?: string;
  request_id?: string;
  errors?: readonly { path: string; message: string }[];
}

/** Any failure of a call: a refusal by the service, or no answer at all (`status` 0, `code` "unreachable"). */
export class KeepsakeError extends Error {
  override name = 'KeepsakeError';
  /** Of docs/errors.md; a proxy in between may answer without one, then it is "http_STATUS". */
  readonly code: ErrorCode | 'unreachable' | (string & {});
  readonly status: number;
  readonly detail: string;
  /** Under which the service logged it; '' when it never got there. */
  readonly request_id: string;
  /** Where the request itself breaks a rule. */
  readonly errors: readonly { path: string; message: string }[];
  /** When to come back, where the service says so. */
  readonly retry_after_seconds: number | undefined;

  constructor(status: number, problem: Problem, { retryAfter, cause }: { retryAfter?: number; cause?: unknown } = {}) {
    const { code = `http_${status}`, detail = 'no reason was given', request_id = '', errors = [] } = problem;
    super(`${code}: ${detail}`, { cause });
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.request_id = request_id;
    this.errors = errors;
    this.retry_after_seconds = retryAfter;
  }
}

/** The field is not there: what KeyError is in Python. */
export class FieldNotFound extends KeepsakeError {
  override name = 'FieldNotFound';
}
/** No element of the list equals the value. */
export class ValueNotFound extends KeepsakeError {
  override name = 'ValueNotFound';
}
/** Nothing to take from an empty list: IndexError, as are indices out of range. */
export class ListEmpty extends KeepsakeError {
  override name = 'ListEmpty';
}
export class IndexOutOfRange extends KeepsakeError {
  override name = 'IndexOutOfRange';
}
/** The field holds no list, or no number. */
export class WrongType extends KeepsakeError {
  override name = 'WrongType';
}
/** The session is not there, or is not this user's. */
export class SessionNotFound extends KeepsakeError {
  override name = 'SessionNotFound';
}
/** The fact is not there, or was forgotten. */
export class FactNotFound extends KeepsakeError {
  override name = 'FactNotFound';
}
/** No tier has the item. */
export class ItemNotFound extends KeepsakeError {
  override name = 'ItemNotFound';
}
/** Somebody else was faster: If-Match does not hold any more. */
export class PreconditionFailed extends KeepsakeError {
  override name = 'PreconditionFailed';
}
/** A value, or what a session holds, would be too large. */
export class TooLarge extends KeepsakeError {
  override name = 'TooLarge';
}
/** A tier is down, or nobody answers: come back later. */
export class Unavailable extends KeepsakeError {
  override name = 'Unavailable';
}

const BY_CODE: Record<string, typeof KeepsakeError> = {
  field_not_found: FieldNotFound,
  value_not_found: ValueNotFound,
  list_empty: ListEmpty,
  index_out_of_range: IndexOutOfRange,
  wrong_type: WrongType,
  session_not_found: SessionNotFound,
  fact_not_found: FactNotFound,
  item_not_found: ItemNotFound,
};
const BY_STATUS: Record<number, typeof KeepsakeError> = { 0: Unavailable, 412: PreconditionFailed, 413: TooLarge, 503: Unavailable };

/** The exception for an answer that is a refusal. */
export function errorOf(status: number, problem: Problem, more: { retryAfter?: number; cause?: unknown } = {}): KeepsakeError {
  const Kind = BY_CODE[problem.code ?? ''] ?? BY_STATUS[status] ?? KeepsakeError;
  return new Kind(status, problem, more);
}
