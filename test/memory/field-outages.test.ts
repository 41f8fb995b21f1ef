import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryError } from '../../src/lib/errors.ts';
import { fieldsOf } from '../../src/lib/memory/fields/field-access.ts';
import { appendToField } from '../../src/lib/memory/fields/field-changes.ts';
import { cleanUpFields, fieldStats } from '../../src/lib/memory/fields/field-stats.ts';
import {
  clearFields,
  listFields,
  putField,
  readField,
  setFieldsTtl,
  sizeOfFields,
  updateFields,
} from '../../src/lib/memory/fields/fields.ts';
import { createHotFields, UNCONDITIONAL } from '../../src/lib/tiers/hot-fields.ts';
import { createRedisGate } from '../../src/lib/tiers/redis-gate.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { waitFor } from '../support/wait.ts';

let world: Instances;
beforeEach(async () => {
  world = await startInstances({ settings: { REDIS_COMMAND_TIMEOUT_MS: '250' } });
});
afterEach(() => world.stop());

/** What the operation answers once Redis is believed again; the time that the breaker takes passes meanwhile. */
const believed = <T>(operation: () => Promise<T>) =>
  waitFor(
    () =>
      operation().catch(() => {
        world.clock.advance({ seconds: 61 });
        return undefined;
      }),
    { what: 'Redis to be believed again' },
  );

const at = () => ({
  tenant: 'default',
  session_id: world.fresh().session_id,
  who: '',
  name: 'list',
  condition: UNCONDITIONAL,
  replay: '',
  body: '',
});
const set = (where: ReturnType<typeof at>, value: unknown) =>
  putField(world.instance(), where, { value, ttl: undefined, condition: UNCONDITIONAL });
const failure = async (work: Promise<unknown>): Promise<MemoryError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MemoryError);
  return error as MemoryError;
};

test('while Redis is down every operation says so, and when to come back; then they go on without a restart', async () => {
  const where = at();
  await set(where, [1]);
  world.redis.faults.refuse(true);
  const services = world.instance();
  const operations = [
    () => set(where, 1),
    () => readField(services, where, {}),
    () => readField(services, where, { default: 'null' }),
    () => updateFields(services, where, { fields: { a: 1 }, ttl: undefined }),
    () => appendToField(services, where, { value: 2 }),
    () => listFields(services, where),
    () => sizeOfFields(services, where),
    () => setFieldsTtl(services, where, 60),
    () => clearFields(services, where),
    () => fieldStats(services, 'default', { limit: 20 }),
    () => cleanUpFields(services, 'default', 0),
  ];
  for (const operation of operations) {
    const { code, retryAfterSeconds } = await failure(operation());
    expect(code).toBe('tier_unavailable');
    expect(retryAfterSeconds).toBeGreaterThan(0);
  }
  expect((await failure(set(where, 1))).retryAfterSeconds).toBe(60); // the breaker is open: no sooner
  world.redis.faults.refuse(false);
  world.clock.advance({ seconds: 61 });
  const answer = await believed(() => appendToField(services, where, { value: 2 }));
  expect(answer.answer.length).toBe(2);
});

test('an answer that was lost on its way is found by its Idempotency-Key', async () => {
  const where = { ...at(), replay: 'key', body: 'append 1' };
  const isPush = ({ script }: { script?: string }) => script?.includes("redis.call('LTRIM', key, old, -1)") === true;
  await appendToField(world.instance(), { ...where, replay: '', body: '' }, { value: 0 }); // the script is known from here
  const lost = world.redis.faults.add({ match: isPush, times: 1, action: { drop: 'after' } });
  expect((await failure(appendToField(world.instance(), where, { value: 1 }))).code).toBe('tier_unavailable');
  expect(lost.hits).toBe(1);
  const again = await believed(() => appendToField(world.instance(), where, { value: 1 }));
  expect(again.answer).toEqual({ length: 2, duplicate: true });
});

test.each(['LOADING Redis is loading', "READONLY You can't write against a read only replica.", 'OOM command not allowed'])(
  'an error of Redis is an outage: %s',
  async (error) => {
    const where = at();
    world.redis.faults.add({ match: ({ name }) => name.startsWith('EVAL'), action: { error } });
    expect((await failure(set(where, 1))).code).toBe('tier_unavailable');
    world.redis.faults.clear();
    expect((await believed(() => set(where, 1))).field.value).toBe(1); // READONLY has the client connect anew
  },
);

test('switched off is another answer than down', async () => {
  const { breakers, log, config, now } = world.instance();
  const off = {
    ...world.instance(),
    fields: createHotFields(createRedisGate(undefined, { breaker: breakers.redis, log, now }), { ...config.fields, now }),
  };
  const caller = {
    tenant: 'default',
    scopes: [],
    owner: () => ({ tenant: 'default', user_id: null }),
    ownerOfSession: () => ({ tenant: 'default', user_id: null }),
  };
  expect((await failure(fieldsOf(off, caller, { session_id: 's' }))).code).toBe('tier_disabled');
  expect((await failure(fieldStats(off, 'default', { limit: 1 }))).code).toBe('tier_disabled');
  expect((await failure(cleanUpFields(off, 'default', 0))).code).toBe('tier_disabled');
});
