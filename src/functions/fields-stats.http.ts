import { parseWith, readJsonIfAny } from '../lib/body.ts';
import { http } from '../lib/http.ts';
import { cleanUpFields, fieldStats } from '../lib/memory/fields/field-stats.ts';
import { CleanupRequest, FieldStatsQuery } from '../lib/requests-fields.ts';

/** GET /fields/stats: the tenant's sessions with fields, in pages (operator). */
http('fields-stats', {
  method: 'GET',
  route: 'fields/stats',
  query: FieldStatsQuery,
  needs: 'operator',
  run: ({ query, caller, services }) => fieldStats(services, caller.tenant, query),
});

/** POST /fields/cleanup: deletes the fields of sessions that were not written to for a while (operator). */
http('fields-cleanup', {
  method: 'POST',
  route: 'fields/cleanup',
  needs: 'operator',
  run: async ({ caller, services, request }) => {
    const { max_age_seconds } = parseWith(CleanupRequest, await readJsonIfAny(request), 'invalid_body');
    return cleanUpFields(services, caller.tenant, max_age_seconds);
  },
});
