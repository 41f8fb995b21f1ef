import { onCluster } from './on-cluster.ts';

onCluster({
  fields: () => import('../memory/fields.test.ts'),
  'statistics of fields': () => import('../memory/field-stats.test.ts'),
  'fields over HTTP': () => import('../functions/fields.test.ts'),
  'limits of fields over HTTP': () => import('../functions/fields-limits.test.ts'),
  'owners of fields over HTTP': () => import('../functions/fields-owner.test.ts'),
  'the client': () => import('../client/client.test.ts'),
});
