import { http } from '../lib/http.ts';
import { readHierarchy, readNamespaceStats } from '../lib/memory/hierarchy/hierarchy.ts';
import { readNamespaceSession } from '../lib/memory/hierarchy/hierarchy-session.ts';
import { HierarchyQuery, NamespaceParams, NamespaceSessionParams } from '../lib/requests-transcripts.ts';

/** GET /memory/{namespace}/hierarchy: facts, session summaries and transcripts, each with what it rests on. */
http('hierarchy', {
  method: 'GET',
  route: 'memory/{namespace}/hierarchy',
  params: NamespaceParams,
  query: HierarchyQuery,
  run: ({ params, query, caller, services }) => readHierarchy(services, caller, { namespace: params.namespace, ...query }),
});

/** GET /memory/{namespace}/session/{session_id}: all three levels of one session. */
http('hierarchy-session', {
  method: 'GET',
  route: 'memory/{namespace}/session/{session_id}',
  params: NamespaceSessionParams,
  run: ({ params, caller, services }) => readNamespaceSession(services, caller, params),
});

/** GET /memory/{namespace}/stats: a namespace in figures. */
http('hierarchy-stats', {
  method: 'GET',
  route: 'memory/{namespace}/stats',
  params: NamespaceParams,
  run: ({ params, caller, services }) => readNamespaceStats(services, caller, params),
});
