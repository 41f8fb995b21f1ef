import { http, reply } from '../lib/http.ts';
import { forgetSession } from '../lib/memory/retention/forget-session.ts';
import { clearBuffer, clearSummaries } from '../lib/memory/sessions/clear.ts';
import { readBuffer } from '../lib/memory/sessions/session-buffer.ts';
import { sessionOwner } from '../lib/memory/sessions/session-owner.ts';
import { readRecord, readSessionStats } from '../lib/memory/sessions/session-record.ts';
import { etagOf } from '../lib/precondition.ts';
import { SessionParams, UserCheck } from '../lib/requests-fields.ts';

const route = 'sessions/{session_id}';
const shared = { params: SessionParams, query: UserCheck };

/** GET /sessions/{session_id}: the session record. */
http('session-read', {
  method: 'GET',
  route,
  ...shared,
  run: async ({ params, query, caller, services }) => {
    const owner = await sessionOwner(services, caller, { ...params, ...query });
    const record = await readRecord(services, owner, params.session_id);
    return reply(200, record, { headers: { etag: etagOf(JSON.stringify(record)) } });
  },
});

/** GET /sessions/{session_id}/context: the buffer, the current summary and the caller's state (document 3). */
http('session-context', {
  method: 'GET',
  route: `${route}/context`,
  ...shared,
  run: async ({ params, query, caller, services }) =>
    readBuffer(services, await sessionOwner(services, caller, { ...params, ...query }), params.session_id),
});

/** GET /sessions/{session_id}/stats: a session in figures (document 3). */
http('session-stats', {
  method: 'GET',
  route: `${route}/stats`,
  ...shared,
  run: async ({ params, query, caller, services }) =>
    readSessionStats(services, await sessionOwner(services, caller, { ...params, ...query }), params.session_id),
});

/** DELETE /sessions/{session_id}/buffer: leaves what is in the buffer out of contexts from now on. */
http('session-clear-buffer', {
  method: 'DELETE',
  route: `${route}/buffer`,
  ...shared,
  run: async ({ params, query, caller, services }) =>
    clearBuffer(services, await sessionOwner(services, caller, { ...params, ...query }), params.session_id),
});

/** DELETE /sessions/{session_id}/summaries: deletes the summaries of a session. */
http('session-clear-summaries', {
  method: 'DELETE',
  route: `${route}/summaries`,
  ...shared,
  run: async ({ params, query, caller, services }) =>
    clearSummaries(services, await sessionOwner(services, caller, { ...params, ...query }), params.session_id),
});

/** DELETE /sessions/{session_id}/memory: deletes everything of a session. */
http('session-forget', {
  method: 'DELETE',
  route: `${route}/memory`,
  ...shared,
  run: async ({ params, query, caller, services }) =>
    forgetSession(services, await sessionOwner(services, caller, { ...params, ...query }), {
      session_id: params.session_id,
      bound: caller.user !== undefined,
    }),
});
