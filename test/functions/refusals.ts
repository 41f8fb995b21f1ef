import { expect } from 'vitest';
import type { ErrorCode } from '../../src/lib/errors.ts';
import type { Stack } from '../support/stack.ts';
import { expectProblem } from './problem.ts';
import { allStored } from './stored.ts';
import type { Received } from './wire.ts';

/** Checks that a request is refused with this code before any tier is asked, and that what is stored stays as it was. */
export const refusals =
  (stack: Stack) =>
  async (code: ErrorCode, request: () => Promise<Received>): Promise<Received> => {
    const before = await allStored(stack);
    stack.cosmos.calls.reset();
    stack.redis.calls.reset();
    const answer = await request();
    expectProblem(answer, code);
    expect(stack.cosmos.calls.all.filter(({ kind }) => kind !== 'meta')).toEqual([]); // the account is asked about once a start
    expect(stack.redis.calls.roundTrips).toBe(0);
    expect(await allStored(stack)).toBe(before);
    return answer;
  };
