import { afterAll, beforeAll, describe, vi } from 'vitest';
import { hasRedisServer } from '../support/redis-node.ts';
import { leaseCluster } from '../support/test-redis.ts';

/**
 * The tests of other files once more, as they are, on a real Redis Cluster: 3 primaries, 3 replicas. Skipped, and said, where there is
 * no `redis-server`. One of the files alone:
 *   KEEPSAKE_TEST_REDIS=cluster npx vitest run test/memory/fields.test.ts
 */
export function onCluster(suites: Record<string, () => Promise<unknown>>): void {
  if (!hasRedisServer) console.warn('redis-server is not on the PATH: nothing was tested on a real Redis Cluster.');
  vi.stubEnv('KEEPSAKE_TEST_REDIS', 'cluster');

  describe.runIf(hasRedisServer)('on a Redis Cluster', () => {
    let release: () => Promise<void>;
    beforeAll(async () => {
      ({ release } = await leaseCluster()); // one for all suites, which each empty it
    }, 60_000);
    afterAll(() => release());
    for (const [what, load] of Object.entries(suites)) describe(what, () => load().then(() => {}));
  });
}
