import { expect, test } from 'vitest';
import { backoffMs } from '../../src/lib/connect/backoff.ts';
import { patiently } from '../../src/lib/connect/blob-patience.ts';

test('waits double up to a second, each at random within its upper half', () => {
  expect([0, 1, 2, 3, 9].map((tries) => backoffMs(tries, () => 0))).toEqual([25, 50, 100, 200, 500]);
  expect([0, 1, 2, 3, 9].map((tries) => backoffMs(tries, () => 1))).toEqual([50, 100, 200, 400, 1000]);
});

/** A service that fails so often in this way before it answers. */
function failing(times: number, error: object) {
  const calls: number[] = [];
  const send = async () => {
    if (calls.length < times) throw Object.assign(new Error('no'), error);
    return { status: 200 };
  };
  const options = { maxTries: 3, deadlineMs: 5000, onCall: ({ status }: { status: number }) => void calls.push(status) };
  return { calls, run: () => patiently(send, options), hurried: () => patiently(send, { ...options, deadlineMs: 10 }) };
}

test.each([{ statusCode: 429 }, { statusCode: 503 }, { statusCode: 500 }, { code: 'ECONNRESET' }])('tries %o again', async (error) => {
  const { calls, run } = failing(2, error);
  expect(await run()).toEqual({ status: 200 });
  expect(calls).toEqual([error.statusCode ?? 0, error.statusCode ?? 0, 200]);
});

test.each([{ statusCode: 404 }, { statusCode: 412 }, { statusCode: 403 }, { name: 'AbortError' }])(
  'does not try %o again',
  async (error) => {
    const { calls, run } = failing(1, error);
    await expect(run()).rejects.toMatchObject(error);
    expect(calls).toHaveLength(1);
  },
);

test('gives up after the third try, and at once when the next one would be too late', async () => {
  const patient = failing(9, { statusCode: 503 });
  await expect(patient.run()).rejects.toMatchObject({ statusCode: 503 });
  expect(patient.calls).toEqual([503, 503, 503]);
  const late = failing(9, { statusCode: 503 });
  await expect(late.hurried()).rejects.toMatchObject({ statusCode: 503 });
  expect(late.calls).toEqual([503]);
});
