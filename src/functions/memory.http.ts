import { http } from '../lib/http.ts';
import { idempotencyKeyOf } from '../lib/idempotency-key.ts';
import { readContext } from '../lib/memory/context/context.ts';
import { retrieve } from '../lib/memory/search/retrieve.ts';
import { storeMessages } from '../lib/memory/sessions/turns.ts';
import { ContextRequest, RetrieveRequest, storeRequest } from '../lib/requests.ts';

/** POST /memory/store: stores the messages of one call, exactly once; creates the session when it is new. */
http('memory-store', {
  method: 'POST',
  route: 'memory/store',
  body: ({ memory }) => storeRequest(memory.messageMaxChars),
  budget: true,
  run: ({ body, caller, services, request }) => {
    const owner = caller.ownerOfSession(body.user_id, body.session_id);
    return storeMessages(services, { owner, request: body, idempotencyKey: idempotencyKeyOf(request) });
  },
});

/** POST /memory/context: the token-bounded context for the next model call. */
http('memory-context', {
  method: 'POST',
  route: 'memory/context',
  body: ContextRequest,
  budget: true,
  run: ({ body, caller, services }) => readContext(services, caller.ownerOfSession(body.user_id, body.session_id), body),
});

/** POST /memory/retrieve: the user's memories that fit a query best. */
http('memory-retrieve', {
  method: 'POST',
  route: 'memory/retrieve',
  body: RetrieveRequest,
  run: ({ body, caller, services }) => retrieve(services, caller.ownerOfSession(body.user_id, body.session_id ?? ''), body),
});
