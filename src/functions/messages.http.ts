import { http, reply } from '../lib/http.ts';
import { idempotencyKeyOf } from '../lib/idempotency-key.ts';
import { addMessage, countMessages, listMessages } from '../lib/memory/sessions/messages.ts';
import { sessionOwner } from '../lib/memory/sessions/session-owner.ts';
import { SessionParams, UserCheck } from '../lib/requests-fields.ts';
import { CountQuery, MessagesQuery, messageRequest } from '../lib/requests-session.ts';

const route = 'sessions/{session_id}/messages';

/** POST /sessions/{session_id}/messages: stores one message; creates the session when it is new. */
http('messages-add', {
  method: 'POST',
  route,
  params: SessionParams,
  query: UserCheck,
  body: ({ memory }) => messageRequest(memory.messageMaxChars),
  run: async ({ params, query, body, caller, services, request }) => {
    const { session_id } = params;
    const owner = await sessionOwner(services, caller, { session_id, user_id: body.user_id ?? query.user_id });
    return reply(201, await addMessage(services, { owner, session_id, message: body.message, idempotencyKey: idempotencyKeyOf(request) }));
  },
});

/** GET /sessions/{session_id}/messages: the newest messages before a seq, oldest first. */
http('messages-list', {
  method: 'GET',
  route,
  params: SessionParams,
  query: MessagesQuery,
  run: async ({ params, query, caller, services }) => {
    const owner = await sessionOwner(services, caller, { ...params, ...query });
    return listMessages(services, owner, { ...params, ...query });
  },
});

/** GET /sessions/{session_id}/messages/count: how many there are. */
http('messages-count', {
  method: 'GET',
  route: `${route}/count`,
  params: SessionParams,
  query: CountQuery,
  run: async ({ params, query, caller, services }) => {
    const owner = await sessionOwner(services, caller, { ...params, ...query });
    return countMessages(services, owner, { ...params, ...query });
  },
});
