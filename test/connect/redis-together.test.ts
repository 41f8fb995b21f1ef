import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import { expect, test } from 'vitest';
import { cleanups, connect, server } from './redis-connection.ts';

/** Redis behind a wire that counts how often it is written to. */
async function counted() {
  const redis = await server();
  const chunks: string[] = [];
  const wire = createServer((client) => {
    const upstream = dial(redis.port, '127.0.0.1');
    client.on('data', (chunk) => {
      chunks.push(chunk.toString());
      upstream.write(chunk);
    });
    upstream.pipe(client);
    client.on('close', () => upstream.destroy());
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  cleanups.push(() => void wire.close());
  const { port } = wire.address() as AddressInfo;
  const connection = connect(`redis://127.0.0.1:${port}`);
  await connection.ready();
  chunks.length = 0;
  return { ...connection, chunks, redis };
}

test('commands of one turn leave in one write, in their order, and each has its own answer', async () => {
  const { client, chunks, redis } = await counted();
  redis.calls.reset();
  const answers = await Promise.all([
    client.set('a', '1'),
    ...Array.from({ length: 50 }, () => client.incr('a')),
    client.lpush('a', 'no list').catch((error: Error) => error.message),
    client.get('a'),
  ]);
  expect(answers).toEqual(['OK', ...Array.from({ length: 50 }, (_, i) => i + 2), expect.stringMatching(/^WRONGTYPE/), '51']);
  expect(chunks).toHaveLength(1);
  expect(redis.calls.all).toHaveLength(53);
});

test('a command that comes after an answer does not wait for others', async () => {
  const { client, chunks } = await counted();
  for (const value of ['1', '2', '3']) {
    await client.set('b', value);
    expect(await client.get('b')).toBe(value);
  }
  expect(chunks).toHaveLength(6);
});
