import { onCluster } from './on-cluster.ts';

onCluster({
  trust: () => import('../memory/trust.test.ts'),
  'evicted keys': () => import('../memory/evicted-keys.test.ts'),
  'trust, with three processes': () => import('../memory/trust-apps.test.ts'),
  'values that cannot be decoded': () => import('../session/garbled.test.ts'),
  'parallel stores': () => import('../memory/concurrency.test.ts'),
  'sessions rebuilt from Cosmos DB': () => import('../memory/restore.test.ts'),
  'two ways to tell a history': () => import('../invariants/two-ways.test.ts'),
  'recency and eviction': () => import('../memory/evict.test.ts'),
});
