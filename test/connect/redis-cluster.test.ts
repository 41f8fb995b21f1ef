import { afterEach, expect, test } from 'vitest';
import { loadConfig } from '../../src/lib/config.ts';
import { connectRedis } from '../../src/lib/connect/redis.ts';
import { obligingRedis } from './obliging-redis.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function connected() {
  const server = await obligingRedis();
  const { redis } = loadConfig({ AZURE_FUNCTIONS_ENVIRONMENT: 'Development', REDIS_URL: server.url, REDIS_CLUSTER: 'true' });
  if (!redis) throw new Error('no Redis configured');
  const { client, ready, close } = connectRedis(redis);
  cleanups.push(server.stop, close);
  await ready();
  return { server, client };
}

// Both used to be tried again for 1.6 s, longer than a command may take: a caller that was told of a failure had its value written later.
test.each([
  ['CLUSTERDOWN The cluster is down', /CLUSTERDOWN/],
  ['TRYAGAIN Multiple keys request during rehashing of slot', /TRYAGAIN/],
])('a command that a cluster refuses with %s fails, and is not sent any more after that', async (refusal, reason) => {
  const { server, client } = await connected();
  server.refuse('RPUSH', refusal);
  await expect(client.rpush('list', 'early')).rejects.toThrow(reason);
  const sent = server.all('RPUSH').length;
  server.refuse('RPUSH');
  await client.rpush('list', 'late');
  expect(server.all('RPUSH').slice(sent)).toEqual([['list', 'late']]);
});
