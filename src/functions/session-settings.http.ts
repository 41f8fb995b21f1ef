import { http, reply } from '../lib/http.ts';
import { idempotencyKeyOf } from '../lib/idempotency-key.ts';
import { putConfig, readConfig } from '../lib/memory/sessions/session-config.ts';
import { sessionOwner } from '../lib/memory/sessions/session-owner.ts';
import { putState, requireState } from '../lib/memory/sessions/session-state.ts';
import { addSummary, listHistory } from '../lib/memory/sessions/session-summaries.ts';
import { preconditionOf } from '../lib/precondition.ts';
import { SessionParams, UserCheck } from '../lib/requests-fields.ts';
import { ConfigRequest, StateRequest, SummariesQuery, SummaryRequest } from '../lib/requests-session.ts';

const route = 'sessions/{session_id}';
const shared = { params: SessionParams, query: UserCheck };
const withEtag = (etag: string | undefined): { headers: Record<string, string> } => ({ headers: etag === undefined ? {} : { etag } });

/** GET /sessions/{session_id}/config: the limits of a session. */
http('session-config', {
  method: 'GET',
  route: `${route}/config`,
  ...shared,
  run: async ({ params, query, caller, services }) => {
    const owner = await sessionOwner(services, caller, { ...params, ...query });
    const { config, etag } = await readConfig(services, owner, params.session_id);
    return reply(200, config, withEtag(etag));
  },
});

/** PUT /sessions/{session_id}/config: changes some of them; creates the session when it is new. */
http('session-put-config', {
  method: 'PUT',
  route: `${route}/config`,
  ...shared,
  body: ConfigRequest,
  run: async ({ params, query, body, caller, services, request }) => {
    const owner = await sessionOwner(services, caller, { ...params, ...query });
    const asked = { session_id: params.session_id, change: body, condition: preconditionOf(request) };
    const { config, etag } = await putConfig(services, owner, asked);
    return reply(200, config, withEtag(etag));
  },
});

/** GET /sessions/{session_id}/state: what the caller keeps with the session. */
http('session-state', {
  method: 'GET',
  route: `${route}/state`,
  ...shared,
  run: async ({ params, query, caller, services }) => {
    const owner = await sessionOwner(services, caller, { ...params, ...query });
    const { value, etag } = await requireState(services, owner, params.session_id);
    return reply(200, value, { ...withEtag(etag), verbatim: true });
  },
});

/** PUT /sessions/{session_id}/state: the body is the value. */
http('session-put-state', {
  method: 'PUT',
  route: `${route}/state`,
  ...shared,
  body: StateRequest,
  run: async ({ params, query, body, caller, services, request }) => {
    const owner = await sessionOwner(services, caller, { ...params, ...query });
    const asked = { session_id: params.session_id, value: body, condition: preconditionOf(request) };
    const { answer, etag } = await putState(services, owner, asked);
    return reply(200, answer, withEtag(etag));
  },
});

/** GET /sessions/{session_id}/summaries: what was written about a session, newest first. */
http('session-summaries', {
  method: 'GET',
  route: `${route}/summaries`,
  params: SessionParams,
  query: SummariesQuery,
  run: async ({ params, query, caller, services }) =>
    listHistory(services, await sessionOwner(services, caller, { ...params, ...query }), { ...params, ...query }),
});

/** POST /sessions/{session_id}/summaries: adds a summary by hand. */
http('session-add-summary', {
  method: 'POST',
  route: `${route}/summaries`,
  ...shared,
  body: SummaryRequest,
  run: async ({ params, query, body, caller, services, request }) => {
    const { session_id } = params;
    const owner = await sessionOwner(services, caller, { ...params, ...query });
    const added = await addSummary(services, { owner, session_id, request: body, idempotencyKey: idempotencyKeyOf(request) });
    return reply(201, added);
  },
});
