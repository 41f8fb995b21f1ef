import { conditionOf, withTag } from '../lib/field-condition.ts';
import { http, reply } from '../lib/http.ts';
import { fieldsOf } from '../lib/memory/fields/field-access.ts';
import { deleteField, putField, readField } from '../lib/memory/fields/fields.ts';
import { FieldParams, FieldQuery, PutFieldRequest, UserCheck } from '../lib/requests-fields.ts';

const route = 'sessions/{session_id}/fields/{name}';

/** GET /sessions/{session_id}/fields/{name}: one field, or a part of a list. */
http('field-read', {
  method: 'GET',
  route,
  params: FieldParams,
  query: FieldQuery,
  run: async ({ params, query, caller, services }) => {
    const of = await fieldsOf(services, caller, { ...params, ...query });
    const { field, tag } = await readField(services, { ...of, name: params.name }, query);
    return reply(200, field, withTag(tag));
  },
});

/** HEAD /sessions/{session_id}/fields/{name}: whether it is there. */
http('field-has', {
  method: 'HEAD',
  route,
  params: FieldParams,
  query: UserCheck,
  run: async ({ params, query, caller, services }) => {
    const of = await fieldsOf(services, caller, { ...params, ...query });
    const { tag } = await readField(services, { ...of, name: params.name }, {});
    return reply(200, undefined, withTag(tag));
  },
});

/** PUT /sessions/{session_id}/fields/{name}: sets one. */
http('field-put', {
  method: 'PUT',
  route,
  params: FieldParams,
  query: UserCheck,
  body: PutFieldRequest,
  run: async ({ params, query, body, caller, services, request }) => {
    const of = await fieldsOf(services, caller, { ...params, ...query });
    const asked = { value: body.value, ttl: body.ttl_seconds, condition: conditionOf(request) };
    const { field, tag } = await putField(services, { ...of, name: params.name }, asked);
    return reply(200, field, withTag(tag));
  },
});

/** DELETE /sessions/{session_id}/fields/{name}: deletes one; one that is not there is no error. */
http('field-delete', {
  method: 'DELETE',
  route,
  params: FieldParams,
  query: UserCheck,
  run: async ({ params, query, caller, services, request }) => {
    const of = await fieldsOf(services, caller, { ...params, ...query });
    return deleteField(services, { ...of, name: params.name }, conditionOf(request));
  },
});
