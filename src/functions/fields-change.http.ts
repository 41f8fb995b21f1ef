import type { HttpRequest } from '@azure/functions';
import type { ZodType } from 'zod';
import { parseWith, readJsonIfAny } from '../lib/body.ts';
import { conditionOf, withTag } from '../lib/field-condition.ts';
import { http, reply } from '../lib/http.ts';
import { idempotencyKeyOf } from '../lib/idempotency-key.ts';
import { fieldsOf } from '../lib/memory/fields/field-access.ts';
import {
  appendToField,
  extendField,
  incrementField,
  insertIntoField,
  lengthOfField,
  type Outcome,
  popFromField,
  removeFromField,
} from '../lib/memory/fields/field-changes.ts';
import {
  AppendRequest,
  ExtendRequest,
  FieldParams,
  IncrementRequest,
  InsertRequest,
  PopRequest,
  RemoveRequest,
  UserCheck,
} from '../lib/requests-fields.ts';
import type { Services } from '../lib/services.ts';
import type { Change } from '../lib/tiers/hot-fields.ts';
import { digest } from '../lib/tiers/keys.ts';

interface Verb<Body, Answer> {
  body: ZodType<Body>;
  run: (services: Services, change: Change, body: Body) => Promise<Outcome<Answer>>;
}

/** POST /sessions/{session_id}/fields/{name}/…: one change of a list or a number, done once for an Idempotency-Key. */
function change<Body, Answer>(verb: string, { body: schema, run }: Verb<Body, Answer>): void {
  http(`field-${verb}`, {
    method: 'POST',
    route: `sessions/{session_id}/fields/{name}/${verb}`,
    params: FieldParams,
    query: UserCheck,
    run: async ({ params, query, caller, services, request }) => {
      const body = parseWith(schema, await readJsonIfAny(request), 'invalid_body');
      const of = await fieldsOf(services, caller, { ...params, ...query });
      const asked = { ...of, name: params.name, condition: conditionOf(request), ...replayOf(request, [verb, params.name, body]) };
      const { answer, tag } = await run(services, asked, body);
      return reply(200, answer, withTag(tag));
    },
  });
}

/** What tells a request that is sent again from another one. */
function replayOf(request: HttpRequest, asked: unknown[]): { replay: string; body: string } {
  const key = idempotencyKeyOf(request);
  return key === undefined ? { replay: '', body: '' } : { replay: digest(key), body: digest(JSON.stringify(asked)) };
}

change('append', { body: AppendRequest, run: appendToField });
change('extend', { body: ExtendRequest, run: extendField });
change('insert', { body: InsertRequest, run: insertIntoField });
change('pop', { body: PopRequest, run: popFromField });
change('remove', { body: RemoveRequest, run: removeFromField });
change('increment', { body: IncrementRequest, run: incrementField });

/** GET /sessions/{session_id}/fields/{name}/length: of a list. */
http('field-length', {
  method: 'GET',
  route: 'sessions/{session_id}/fields/{name}/length',
  params: FieldParams,
  query: UserCheck,
  run: async ({ params, query, caller, services }) => {
    const of = await fieldsOf(services, caller, { ...params, ...query });
    return lengthOfField(services, { ...of, name: params.name });
  },
});
