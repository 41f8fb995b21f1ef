import { http } from '../lib/http.ts';
import { readStats } from '../lib/memory/sessions/stats.ts';

/** GET /stats: the hot tier in figures, for the caller's tenant. */
http('stats', {
  method: 'GET',
  route: 'stats',
  run: ({ caller, services }) => readStats(services, caller.tenant),
});
