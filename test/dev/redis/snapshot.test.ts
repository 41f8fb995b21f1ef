import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startRedis } from '../../../dev/redis/server.ts';
import { connect, start } from './running.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-snapshot-'));
  file = join(folder, 'deeper', 'redis.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a restart finds every kind of value again, byte for byte, with the time it has left', async () => {
  const first = await startRedis({ file });
  const before = connect(first);
  const bytes = Buffer.from([0, 13, 10, 127, 128, 255]);
  await before.set('string', bytes);
  await before.rpush('list', 'a', 'b');
  await before.hset('hash', { field: 'value' });
  await before.sadd('set', 'x', 'y');
  await before.zadd('zset', 1.5, 'one', '-inf', 'least');
  await before.set('leaving', '1', 'PX', 50);
  await before.expire('list', 1000);
  const expiry = await before.pexpiretime('list');
  await first.stop();

  const after = connect(await start({ file }));
  await expect(after.getBuffer('string')).resolves.toEqual(bytes);
  await expect(after.lrange('list', 0, -1)).resolves.toEqual(['a', 'b']);
  await expect(after.hgetall('hash')).resolves.toEqual({ field: 'value' });
  await expect(after.smembers('set')).resolves.toEqual(['x', 'y']);
  await expect(after.zrange('zset', '0', '-1', 'WITHSCORES')).resolves.toEqual(['least', '-inf', 'one', '1.5']);
  await expect(after.pexpiretime('list')).resolves.toBe(expiry);
  await expect(after.ttl('string')).resolves.toBe(-1);
  await vi.waitFor(async () => expect(await after.exists('leaving')).toBe(0));
});

test('a changed state is written while the server runs, so that a killed one loses little', async () => {
  const server = await start({ file, snapshotMs: 10 });
  await connect(server).set('a', 'written soon');
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('written soon'));
});

test('without a file nothing stays', async () => {
  const first = await startRedis();
  await connect(first).set('a', '1');
  await first.stop();
  expect((await start()).keys()).toEqual([]);
});

test('a file that is no snapshot stops the start, with its name', async () => {
  const other = join(folder, 'other.json');
  writeFileSync(other, '{"databases":[');
  await expect(startRedis({ file: other })).rejects.toThrow(`${other} is not a snapshot`);
});
