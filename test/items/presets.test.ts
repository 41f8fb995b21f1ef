import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { USER_PROFILE_TTL: '7200' } });
});
afterAll(() => stack.stop());

const fresh = () => `k-${randomUUID()}`;
const put = async (body: object) => (await stack.api().request('PUT', `/items/${fresh()}`, { body: { value: 1, ...body } })).body;
/** Seconds until an item ends, as far as a test can tell. */
const lifeOf = ({ expires_at }: { expires_at: string | null }) =>
  expires_at && Math.round((Date.parse(expires_at) - Date.now()) / 60_000) * 60;

test.each([
  ['session', 'hot', 300],
  ['profile', 'warm', 7200],
  ['history', 'warm', 2_592_000],
  ['snapshot', 'cold', null],
])('the preset %s puts an item into the %s tier for %s seconds', async (preset, tier, life) => {
  const kept = await put({ preset });
  expect(kept).toMatchObject({ tier, durability: tier === 'hot' ? 'cache' : 'stored' });
  expect(lifeOf(kept)).toBe(life);
});

test('what is named beside a preset wins over it', async () => {
  const kept = await put({ preset: 'history', ttl_seconds: 600 });
  expect([kept.tier, lifeOf(kept)]).toEqual(['warm', 600]);
  expect(await put({ preset: 'snapshot', tier: 'warm' })).toMatchObject({ tier: 'warm', expires_at: null });
});
