import { http } from '../lib/http.ts';
import { fieldsOf } from '../lib/memory/fields/field-access.ts';
import { clearFields, listFields, setFieldsTtl, sizeOfFields, updateFields } from '../lib/memory/fields/fields.ts';
import { SessionParams, TtlRequest, UpdateFieldsRequest, UserCheck } from '../lib/requests-fields.ts';

/** GET /sessions/{session_id}/fields: all fields with their values. */
http('fields-list', {
  method: 'GET',
  route: 'sessions/{session_id}/fields',
  params: SessionParams,
  query: UserCheck,
  run: async ({ params, query, caller, services }) => listFields(services, await fieldsOf(services, caller, { ...params, ...query })),
});

/** PATCH /sessions/{session_id}/fields: sets many, all or none. */
http('fields-update', {
  method: 'PATCH',
  route: 'sessions/{session_id}/fields',
  params: SessionParams,
  query: UserCheck,
  body: UpdateFieldsRequest,
  run: async ({ params, query, body, caller, services }) => {
    const of = await fieldsOf(services, caller, { ...params, ...query });
    return updateFields(services, of, { fields: body.fields, ttl: body.ttl_seconds });
  },
});

/** DELETE /sessions/{session_id}/fields: deletes all. */
http('fields-clear', {
  method: 'DELETE',
  route: 'sessions/{session_id}/fields',
  params: SessionParams,
  query: UserCheck,
  run: async ({ params, query, caller, services }) => clearFields(services, await fieldsOf(services, caller, { ...params, ...query })),
});

/** PUT /sessions/{session_id}/ttl: gives all fields the same new life. */
http('fields-ttl', {
  method: 'PUT',
  route: 'sessions/{session_id}/ttl',
  params: SessionParams,
  query: UserCheck,
  body: TtlRequest,
  run: async ({ params, query, body, caller, services }) =>
    setFieldsTtl(services, await fieldsOf(services, caller, { ...params, ...query }), body.ttl_seconds),
});

/** GET /sessions/{session_id}/size: what the fields take. */
http('fields-size', {
  method: 'GET',
  route: 'sessions/{session_id}/size',
  params: SessionParams,
  query: UserCheck,
  run: async ({ params, query, caller, services }) => sizeOfFields(services, await fieldsOf(services, caller, { ...params, ...query })),
});
