/** Every error code of the API: its HTTP status and title. docs/errors.md lists the same table (a test ties them). */
export const ERROR_CODES = {
  invalid_body: { status: 400, title: 'The body breaks a rule' },
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  missing_body: { status: 400, title: 'The body did not arrive' },
  invalid_id: { status: 400, title: 'An id breaks the id rule' },
  invalid_query: { status: 400, title: 'A query parameter breaks a rule' },
  invalid_text: { status: 400, title: 'A text holds characters that cannot be stored' },
  unauthorized: { status: 401, title: 'No valid credential' },
  scope_mismatch: { status: 403, title: 'The credential does not reach this' },
  foreign_origin: { status: 403, title: 'Requests of this origin are not allowed' },
  session_not_found: { status: 404, title: 'No such session' },
  job_not_found: { status: 404, title: 'No such job' },
  field_not_found: { status: 404, title: 'No such field' },
  fact_not_found: { status: 404, title: 'No such fact' },
  item_not_found: { status: 404, title: 'No such item' },
  value_not_found: { status: 404, title: 'No such value in the list' },
  idempotency_mismatch: { status: 409, title: 'The same id was used with another body' },
  seq_not_reached: { status: 409, title: 'The session has not reached this seq' },
  job_not_failed: { status: 409, title: 'Only failed jobs can be run again' },
  fact_not_quarantined: { status: 409, title: 'Only quarantined facts can be decided on' },
  summary_conflict: { status: 409, title: 'The summary does not follow the ones before it' },
  wrong_type: { status: 409, title: 'The field holds another type of value' },
  list_empty: { status: 409, title: 'The list is empty' },
  index_out_of_range: { status: 409, title: 'The list has no such index' },
  precondition_failed: { status: 412, title: 'The record is not the one that was expected' },
  body_too_large: { status: 413, title: 'The body is too large' },
  field_too_large: { status: 413, title: 'The value of a field is too large' },
  fields_too_large: { status: 413, title: 'The fields of a session are too large' },
  too_many_fields: { status: 413, title: 'The session has too many fields' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  item_damaged: { status: 500, title: 'The stored value of an item is damaged' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
  tier_disabled: { status: 501, title: 'This tier is switched off' },
  session_busy: { status: 503, title: 'Too many writers on one session' },
  item_busy: { status: 503, title: 'Too many writers on one item' },
  tier_unavailable: { status: 503, title: 'A tier does not answer' },
  auth_not_configured: { status: 503, title: 'Authentication is not configured' },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
export interface FieldError {
  path: string;
  message: string;
}

/** The one error of the service: a code of the table and a detail that names the thing, the rule and the value seen. */
export class MemoryError extends Error {
  override readonly name = 'MemoryError';
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    extra: { errors?: readonly FieldError[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(detail, { cause: extra.cause });
    this.code = code;
    this.errors = extra.errors;
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }
}

/** The RFC 9457 body of an error, with the fields that the documents' clients read (`error`, `status_code`). */
export function toProblem(error: MemoryError, requestId: string) {
  const { status, title } = ERROR_CODES[error.code];
  return {
    type: `urn:keepsake:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    error: error.message,
    status_code: status,
    ...(error.errors && { errors: error.errors }),
  };
}
