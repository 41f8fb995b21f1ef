import { http } from '../lib/http.ts';
import { listInsights } from '../lib/memory/reflection/insights.ts';
import { InsightsRequest } from '../lib/requests.ts';

/** POST /insights: what is known about a user, newest first. */
http('insights', {
  method: 'POST',
  route: 'insights',
  body: InsightsRequest,
  run: ({ body, caller, services }) => listInsights(services, caller.owner(body.user_id), { recentOnly: body.recent_only }),
});
