import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ redis: false });
});
afterAll(() => stack.stop());

test('an operator closes a breaker that had opened, and the tier is asked again', async () => {
  const who = { user_id: 'u', session_id: 's' };
  const breaker = async () => (await stack.api().get('/health/ready')).body.tiers.redis.breaker;
  for (let n = 0; n < 6; n++) await stack.api().post('/memory/store', { ...who, user_message: `${n}`, agent_message: 'ok' });
  expect(await breaker()).toBe('open');
  const { status, body } = await stack.api().post('/breaker/reset', { tier: 'redis' });
  expect([status, body.breakers]).toEqual([200, { redis: 'closed', cosmos: 'closed' }]);
  expect((await stack.api().post('/breaker/reset')).status, 'without a body').toBe(200);
  expect((await stack.api().post('/breaker/reset', { tier: 'blob' })).body.code).toBe('invalid_body');
});
