import { afterAll, beforeAll, expect, test } from 'vitest';
import { appendToField } from '../../src/lib/memory/fields/field-changes.ts';
import { cleanUpFields, fieldStats } from '../../src/lib/memory/fields/field-stats.ts';
import { clearFields, deleteField, listFields, setFieldsTtl, updateFields } from '../../src/lib/memory/fields/fields.ts';
import { UNCONDITIONAL } from '../../src/lib/tiers/hot-fields.ts';
import { allFieldSessions } from '../../src/lib/tiers/keys.ts';
import { type Instances, startInstances } from '../support/instances.ts';

const SESSIONS = 150;

let world: Instances;
beforeAll(async () => {
  world = await startInstances({ settings: { FIELD_TTL_REFRESH: 'true' } });
});
afterAll(() => world.stop());

const names = Array.from({ length: SESSIONS }, (_, n) => `s${String(n).padStart(3, '0')}`);
const of = (tenant: string, session_id: string) => ({ tenant, session_id, who: '' });
const set = (tenant: string, session_id: string, more: { ttl?: number } = {}) =>
  updateFields(world.instance(), of(tenant, session_id), { fields: { a: 'x', b: [1, 2] }, ttl: more.ttl });

async function pages(tenant: string, limit: number) {
  const seen = [];
  let cursor: string | undefined;
  do {
    const page = await fieldStats(world.instance(), tenant, { limit, cursor });
    expect(page.conversations.length).toBeLessThanOrEqual(limit);
    seen.push(...page.conversations);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return seen;
}

test('pages show every session of the tenant once, with what it takes', async () => {
  await Promise.all(names.map((name) => set('paged', name)));
  await set('another', 'elsewhere');
  expect((await fieldStats(world.instance(), 'paged', { limit: 7 })).total_conversations).toBe(SESSIONS);
  const seen = await pages('paged', 7);
  expect(seen.map(({ conversation_id }) => conversation_id).sort()).toEqual(names);
  for (const { total_fields, total_size_bytes } of seen) expect([total_fields, total_size_bytes]).toEqual([2, 8]);
  expect(await pages('paged', 100)).toHaveLength(SESSIONS);
});

test('a forged cursor is refused', async () => {
  for (const cursor of ['nonsense', 'AAAA', Buffer.from('x|y').toString('base64url')])
    await expect(fieldStats(world.instance(), 'paged', { limit: 7, cursor })).rejects.toMatchObject({ code: 'invalid_query' });
});

test('a session without fields is not shown, however it lost them', async () => {
  const services = world.instance();
  await Promise.all(names.slice(0, 4).map((name) => set('emptied', name)));
  await clearFields(services, of('emptied', 's000'));
  for (const name of ['a', 'b']) await deleteField(services, { ...of('emptied', 's001'), name }, UNCONDITIONAL);
  await world.client.del('{emptied|s|s002}f'); // evicted
  expect((await pages('emptied', 100)).map(({ conversation_id }) => conversation_id)).toEqual(['s003']);
  expect((await fieldStats(services, 'emptied', { limit: 1 })).total_conversations).toBe(1);
});

test('the clean-up takes what was not written to for so long, and nothing else', async () => {
  const services = world.instance();
  const day = 86_400;
  await Promise.all(names.map((name) => set('cleaned', name, { ttl: 10 * day })));
  await set('not cleaned', 'other', { ttl: 10 * day });
  world.clock.advance({ days: 1 });
  await appendToField(services, { ...of('cleaned', 's001'), name: 'b', condition: UNCONDITIONAL, replay: '', body: '' }, { value: 3 });
  await setFieldsTtl(services, of('cleaned', 's002'), 20 * day); // no write
  await listFields(services, of('cleaned', 's003'));
  world.clock.advance({ seconds: 1 });
  expect(await cleanUpFields(services, 'cleaned', day)).toEqual({ cleaned: SESSIONS - 1 });
  expect((await pages('cleaned', 100)).map(({ conversation_id }) => conversation_id)).toEqual(['s001']);
  expect(await cleanUpFields(services, 'cleaned', day)).toEqual({ cleaned: 0 });
  expect(await pages('not cleaned', 100)).toHaveLength(1);
  expect((await world.redis.keys()).filter((key) => key.startsWith('{cleaned|s|') && !key.includes('s001'))).toEqual([]);
});

test('a write that the index of sessions missed is not cleaned up', async () => {
  const services = world.instance();
  await set('missed', 's', { ttl: 1_000_000 });
  const noted = await Promise.all(allFieldSessions('missed').map(({ byWrite }) => world.client.zscore(byWrite, 's')));
  const part = allFieldSessions('missed')[noted.findIndex((score) => score !== null)]!;
  await world.client.zadd(part.byWrite, 0, 's');
  expect(await cleanUpFields(services, 'missed', 3600)).toEqual({ cleaned: 0 });
  expect((await listFields(services, of('missed', 's'))).count).toBe(2);
});

test('FIELD_TTL_REFRESH gives a changed list its life again', async () => {
  await set('refreshed', 's', { ttl: 500 });
  await world.client.pexpire('{refreshed|s|s}f|b', 10_000);
  await appendToField(
    world.instance(),
    { ...of('refreshed', 's'), name: 'b', condition: UNCONDITIONAL, replay: '', body: '' },
    { value: 3 },
  );
  expect(await world.client.pttl('{refreshed|s|s}f|b')).toBeGreaterThan(400_000);
});
