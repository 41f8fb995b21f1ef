import { http, reply } from '../lib/http.ts';
import { idempotencyKeyOf } from '../lib/idempotency-key.ts';
import { addFact } from '../lib/memory/facts/add.ts';
import { listFacts } from '../lib/memory/facts/facts.ts';
import { forgetFacts } from '../lib/memory/facts/forget.ts';
import { UserParams } from '../lib/requests.ts';
import { AddFactRequest, FactsQuery, ForgetRequest } from '../lib/requests-facts.ts';

const route = 'users/{user_id}/facts';

/** GET /users/{user_id}/facts: a user's facts, in pages. */
http('facts-list', {
  method: 'GET',
  route,
  params: UserParams,
  query: FactsQuery,
  run: ({ params, query, caller, services }) => listFacts(services, caller.owner(params.user_id), query),
});

/** POST /users/{user_id}/facts: adds one by hand. */
http('facts-add', {
  method: 'POST',
  route,
  params: UserParams,
  body: AddFactRequest,
  run: async ({ params, body, caller, services, request }) => {
    const asked = { request: body, idempotencyKey: idempotencyKeyOf(request) };
    return reply(201, await addFact(services, caller.owner(params.user_id), asked));
  },
});

/** POST /users/{user_id}/forget: forgets facts and everything that says them, or tells what would go. */
http('forget', {
  method: 'POST',
  route: 'users/{user_id}/forget',
  params: UserParams,
  body: ForgetRequest,
  run: ({ params, body, caller, services }) => forgetFacts(services, caller.owner(params.user_id), body),
});
