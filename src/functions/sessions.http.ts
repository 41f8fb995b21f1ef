import { http } from '../lib/http.ts';
import { listSessions } from '../lib/memory/sessions/session-lists.ts';
import { endSession, startSession } from '../lib/memory/sessions/sessions.ts';
import { EndRequest, StartRequest, UserParams, UserSessionsQuery } from '../lib/requests.ts';

/** POST /sessions/start: opens a session, new or known, with all that is known for it. */
http('sessions-start', {
  method: 'POST',
  route: 'sessions/start',
  body: StartRequest,
  run: ({ body, caller, services }) => {
    const session_id = body.session_id ?? services.mint();
    return startSession(services, caller.ownerOfSession(body.user_id, session_id), { ...body, session_id });
  },
});

/** POST /sessions/end: queues the final summary and reflection; `wait_ms` waits for them. */
http('sessions-end', {
  method: 'POST',
  route: 'sessions/end',
  body: EndRequest,
  budget: true,
  run: ({ body, caller, services }) => endSession(services, caller.ownerOfSession(body.user_id, body.session_id), body),
});

/** GET /users/{user_id}/sessions: a user's sessions, used last first, in pages. */
http('users-sessions', {
  method: 'GET',
  route: 'users/{user_id}/sessions',
  params: UserParams,
  query: UserSessionsQuery,
  run: ({ params, query, caller, services }) => listSessions(services, caller.owner(params.user_id), query),
});
