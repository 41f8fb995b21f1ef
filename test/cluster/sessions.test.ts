import { onCluster } from './on-cluster.ts';

onCluster({
  'messages over HTTP': () => import('../session/messages.test.ts'),
  'session routes over HTTP': () => import('../session/session-routes.test.ts'),
  'owners of sessions over HTTP': () => import('../session/session-owner.test.ts'),
  'what is cleared': () => import('../session/clear.test.ts'),
  'what is forgotten': () => import('../session/forget.test.ts'),
  'limits of the buffer': () => import('../session/limits.test.ts'),
  'stores that wait in blobs': () => import('../memory/write-behind.test.ts'),
});
