import { http } from '../lib/http.ts';
import { listEndedSummaries } from '../lib/memory/sessions/session-lists.ts';
import { SummariesRequest } from '../lib/requests.ts';

/** POST /summaries: a user's ended sessions with their summaries, newest first. */
http('summaries', {
  method: 'POST',
  route: 'summaries',
  body: SummariesRequest,
  run: ({ body, caller, services }) => listEndedSummaries(services, caller.owner(body.user_id), body.limit),
});
