import { expect, test } from 'vitest';
import { slotOf } from '../../../dev/redis/slots.ts';
import { connect, start } from './running.ts';

test('a key has the slot of the cluster specification', () => {
  expect(slotOf('123456789')).toBe(12739);
  expect(slotOf('foo')).toBe(12182);
  expect(slotOf('{user1000}.following')).toBe(slotOf('{user1000}.followers'));
  expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'));
  expect(slotOf('foo{{bar}}zap')).toBe(slotOf('{bar'));
  expect(slotOf('foo{bar}{zap}')).toBe(slotOf('bar'));
});

test('with slots checked, what spans two slots is refused', async () => {
  const redis = connect(await start({ checkSlots: true }));
  await expect(redis.mget('a', 'b')).rejects.toThrow("CROSSSLOT Keys in request don't hash to the same slot");
  await expect(redis.mget('{t}a', '{t}b')).resolves.toEqual([null, null]);
  await expect(redis.eval('return 1', 2, 'a', 'b')).rejects.toThrow('CROSSSLOT');
  await expect(redis.multi().set('a', '1').set('b', '1').exec()).rejects.toThrow('CROSSSLOT');
  await expect(redis.exists('a')).resolves.toBe(0);
  await expect(redis.multi().set('{t}a', '1').set('{t}b', '1').exec()).resolves.toHaveLength(2);
});

test('with slots checked, a script may touch only the keys it declares', async () => {
  const redis = connect(await start({ checkSlots: true }));
  const script = "return redis.call('GET', ARGV[1])";
  await expect(redis.eval(script, 1, '{t}a', '{t}b')).rejects.toThrow("undeclared key '{t}b'");
  await expect(redis.eval(script, 1, '{t}a', '{t}a')).resolves.toBe(null);
});

test('otherwise keys of all slots go together, as on a single Redis', async () => {
  const redis = connect(await start());
  await expect(redis.mget('a', 'b')).resolves.toEqual([null, null]);
  await expect(redis.eval("return redis.call('GET', ARGV[1])", 0, 'b')).resolves.toBe(null);
});
