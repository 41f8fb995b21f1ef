import { expect } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/lib/errors.ts';
import type { Json } from '../support/api.ts';

interface Answered {
  status: number;
  headers: { 'content-type'?: string; 'x-request-id'?: string | string[] };
  body: Json;
}

/** The answer is this error of the one table, in the whole shape that CONTRACT fixes, and shows nothing of the inside. */
export function expectProblem({ status, headers, body }: Answered, code: ErrorCode): void {
  expect(body?.code, JSON.stringify(body)).toBe(code);
  const { status: wanted, title } = ERROR_CODES[code];
  expect(status).toBe(wanted);
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(body).toMatchObject({
    type: `urn:keepsake:error:${code}`,
    title,
    status: wanted,
    detail: expect.stringMatching(/\S/),
    request_id: headers['x-request-id'],
    error: body.detail,
    status_code: wanted,
  });
  expect(body.request_id).toEqual(expect.stringMatching(/\S/));
  const known = ['type', 'title', 'status', 'detail', 'code', 'request_id', 'error', 'status_code', 'errors', 'degraded'];
  expect(known).toEqual(expect.arrayContaining(Object.keys(body)));
  expect(JSON.stringify(body)).not.toMatch(/\s+at .*:\d+|\.ts\b|\.cjs\b|node_modules|Zod|TypeError|stack/);
}
