import { onCluster } from './on-cluster.ts';

onCluster({
  'document 2': () => import('../documents/document-2.test.ts'),
  'document 3': () => import('../documents/document-3.test.ts'),
  "document 2's integration example": () => import('../examples/sms-assistant.test.ts'),
});
