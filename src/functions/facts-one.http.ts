import { http, reply } from '../lib/http.ts';
import { approveFact, rejectFact } from '../lib/memory/facts/decide.ts';
import { editFact } from '../lib/memory/facts/edit.ts';
import { readFact, requireFact } from '../lib/memory/facts/facts.ts';
import { forgetFact } from '../lib/memory/facts/forget.ts';
import { checkPrecondition, preconditionOf } from '../lib/precondition.ts';
import { EditFactRequest, FactParams } from '../lib/requests-facts.ts';

const route = 'users/{user_id}/facts/{fact_id}';
const withEtag = (etag: string | undefined): { headers: Record<string, string> } => ({ headers: etag === undefined ? {} : { etag } });

/** GET /users/{user_id}/facts/{fact_id}: one with its versions and the messages it rests on. */
http('fact-read', {
  method: 'GET',
  route,
  params: FactParams,
  run: async ({ params, caller, services }) => {
    const { answer, etag } = await readFact(services, caller.owner(params.user_id), params.fact_id);
    return reply(200, answer, withEtag(etag));
  },
});

/** PATCH /users/{user_id}/facts/{fact_id}: a new version of it. */
http('fact-edit', {
  method: 'PATCH',
  route,
  params: FactParams,
  body: EditFactRequest,
  run: async ({ params, body, caller, services, request }) => {
    const asked = { fact_id: params.fact_id, edit: body, condition: preconditionOf(request) };
    const { answer, etag } = await editFact(services, caller.owner(params.user_id), asked);
    return reply(200, answer, withEtag(etag));
  },
});

/** DELETE /users/{user_id}/facts/{fact_id}: forgets it and everything that says it. */
http('fact-forget', {
  method: 'DELETE',
  route,
  params: FactParams,
  run: async ({ params, caller, services, request }) => {
    const owner = caller.owner(params.user_id);
    const condition = preconditionOf(request);
    if (condition.ifMatch !== undefined) checkPrecondition(condition, (await requireFact(services, owner, params.fact_id)).etag);
    return forgetFact(services, owner, params.fact_id);
  },
});

/** POST /users/{user_id}/facts/{fact_id}/approve: trusts a quarantined fact. */
http('fact-approve', {
  method: 'POST',
  route: `${route}/approve`,
  params: FactParams,
  run: ({ params, caller, services }) => approveFact(services, caller.owner(params.user_id), params.fact_id),
});

/** POST /users/{user_id}/facts/{fact_id}/reject: forgets a quarantined fact. */
http('fact-reject', {
  method: 'POST',
  route: `${route}/reject`,
  params: FactParams,
  run: ({ params, caller, services }) => rejectFact(services, caller.owner(params.user_id), params.fact_id),
});
