/** A refusal as the service words it: an HTTP status, a code in the body and, where documented, a sub-status header. */
export class CosmosError extends Error {
  readonly status: number;
  readonly code: string;
  readonly substatus?: number;
  /** Set on the refusal that makes the SDK ask for a query plan and run the query by partition key range. */
  readonly additionalErrorInfo?: string;
  readonly retryAfterMs?: number;

  constructor(status: number, code: string, details: ErrorDetails) {
    super(details.message);
    this.name = 'CosmosError';
    this.status = status;
    this.code = code;
    if (details.substatus !== undefined) this.substatus = details.substatus;
    if (details.additionalErrorInfo !== undefined) this.additionalErrorInfo = details.additionalErrorInfo;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
  }
}

interface ErrorDetails {
  message: string;
  substatus?: number;
  additionalErrorInfo?: string;
  retryAfterMs?: number;
}

/** 400. Sub-status 1001: the partition key in the header is not the document's. */
export const badRequest = (message: string, substatus?: number): CosmosError =>
  new CosmosError(400, 'BadRequest', { message, ...(substatus === undefined ? {} : { substatus }) });

/** 404. Sub-status 1003: the database or container above it is what is missing. */
export const notFound = (message = 'Entity with the specified id does not exist in the system.', substatus?: number): CosmosError =>
  new CosmosError(404, 'NotFound', { message, ...(substatus === undefined ? {} : { substatus }) });

/** 409. */
export const conflict = (message = 'Entity with the specified id already exists in the system.'): CosmosError =>
  new CosmosError(409, 'Conflict', { message });

/** 412: an etag or a patch condition that does not hold. */
export const preconditionFailed = (message = 'One of the specified pre-condition is not met.'): CosmosError =>
  new CosmosError(412, 'PreconditionFailed', { message });

/** 413. */
export const tooLarge = (message: string): CosmosError => new CosmosError(413, 'RequestEntityTooLarge', { message });

/** 401. */
export const unauthorized = (message: string): CosmosError => new CosmosError(401, 'Unauthorized', { message });

/** 400 for a feature of the service that this stand-in does not have: refused by name, never faked. */
export const notSupported = (feature: string): CosmosError =>
  badRequest(`Not supported by the local Cosmos stand-in: ${feature} (see dev/cosmos/README.md).`);
