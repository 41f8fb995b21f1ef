import fc from 'fast-check';
import { expect } from 'vitest';
import type { Caller } from '../../src/lib/caller.ts';
import { MemoryError } from '../../src/lib/errors.ts';
import { fieldsOf } from '../../src/lib/memory/fields/field-access.ts';
import {
  appendToField,
  extendField,
  incrementField,
  insertIntoField,
  lengthOfField,
  popFromField,
  removeFromField,
} from '../../src/lib/memory/fields/field-changes.ts';
import {
  clearFields,
  deleteField,
  listFields,
  putField,
  readField,
  sizeOfFields,
  updateFields,
} from '../../src/lib/memory/fields/fields.ts';
import type { Services } from '../../src/lib/services.ts';
import { UNCONDITIONAL } from '../../src/lib/tiers/hot-fields.ts';
import { type Expected, model, type Operation } from '../memory/fields-model.ts';
import type { Json } from '../support/api.ts';

/** Which session of which tenant, asked for by its user or by nobody in particular. */
export interface Asked {
  tenant: string;
  session_id: string;
  user_id: string | undefined;
}
export type FieldStep = Operation | { op: 'update'; fields: Record<string, Json> } | { op: 'clear' };

const name = fc.constantFrom('list', 'number', 'any');
const value = fc.constantFrom<Json>(0, 1, -2.5, 1.2345e25, 'a', '', 'größe "☃"', null, true, [], {}, ['a', []], {
  a: { b: [] },
});
const index = fc.integer({ min: -4, max: 4 });

/** A request to one of the routes of fields. */
export const fieldStep: fc.Arbitrary<FieldStep> = fc.oneof(
  fc.record({ op: fc.constant('put' as const), name, value }),
  fc.record({ op: fc.constant('put' as const), name: fc.constant('list'), value: fc.array(value, { maxLength: 3 }) }),
  fc.record({ op: fc.constant('update' as const), fields: fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true }) }),
  fc.record({ op: fc.constant('delete' as const), name }),
  { weight: 3, arbitrary: fc.record({ op: fc.constant('append' as const), name: fc.constant('list'), value }) },
  fc.record({ op: fc.constant('extend' as const), name: fc.constant('list'), values: fc.array(value, { minLength: 1, maxLength: 3 }) }),
  fc.record({ op: fc.constant('insert' as const), name: fc.constant('list'), index, value }),
  fc.record({ op: fc.constant('pop' as const), name: fc.constant('list'), index }),
  fc.record({ op: fc.constant('remove' as const), name: fc.constant('list'), value }),
  fc.record({ op: fc.constant('increment' as const), name: fc.constant('number'), by: fc.integer({ min: -9, max: 9 }) }),
  fc.record({ op: fc.constant('length' as const), name: fc.constant('list') }),
  fc.record({ op: fc.constant('slice' as const), name: fc.constant('list'), start: index }),
  fc.record({ op: fc.constant('clear' as const) }),
);

const callerOf = (tenant: string): Caller => ({
  tenant,
  scopes: [],
  owner: (user_id) => ({ tenant, user_id }),
  ownerOfSession: (user_id) => ({ tenant, user_id: user_id ?? null }),
});
const whose = (services: Services, { tenant, session_id, user_id }: Asked) => fieldsOf(services, callerOf(tenant), { session_id, user_id });

/** Makes the request, and expects the answer that the model of Python's dicts and lists gives. */
export async function doWithFields(services: Services, asked: Asked, { step, fields }: { step: FieldStep; fields: Map<string, Json> }) {
  const answer = await perform(services, asked, step).then(
    (is): Expected => ({ is }),
    (error: unknown) => {
      if (!(error instanceof MemoryError)) throw error;
      return { error: error.code };
    },
  );
  expect(answer, JSON.stringify(step)).toEqual(expected(step, fields));
}

function expected(step: FieldStep, fields: Map<string, Json>): Expected {
  if (step.op === 'clear') {
    const deleted = fields.size;
    fields.clear();
    return { is: deleted };
  }
  if (step.op !== 'update') return model(fields, step);
  for (const [key, text] of Object.entries(step.fields)) fields.set(key, text);
  return { is: Object.keys(step.fields).length };
}

async function perform(services: Services, asked: Asked, step: FieldStep): Promise<Json> {
  const of = await whose(services, asked);
  if (step.op === 'clear') return (await clearFields(services, of)).deleted;
  if (step.op === 'update') return (await updateFields(services, of, { fields: step.fields, ttl: undefined })).count;
  const at = { ...of, name: step.name, condition: UNCONDITIONAL, replay: '', body: '' };
  switch (step.op) {
    case 'put':
      return (await putField(services, at, { value: step.value, ttl: undefined, condition: UNCONDITIONAL })).field.value;
    case 'delete':
      return (await deleteField(services, at, UNCONDITIONAL)).deleted;
    case 'append':
      return (await appendToField(services, at, step)).answer.length;
    case 'extend':
      return (await extendField(services, at, step)).answer.length;
    case 'insert':
      return (await insertIntoField(services, at, step)).answer.length;
    case 'pop':
      return (await popFromField(services, at, step)).answer;
    case 'remove':
      return (await removeFromField(services, at, step)).answer.length;
    case 'increment':
      return (await incrementField(services, at, step)).answer.value;
    case 'length':
      return (await lengthOfField(services, at)).length;
    case 'slice':
      return (await readField(services, at, step)).field.value;
  }
}

/** All fields are what the model holds, to the byte, and no others. */
export async function expectFields(services: Services, asked: Asked, fields: Map<string, Json>): Promise<void> {
  const of = await whose(services, asked);
  expect((await listFields(services, of)).fields).toEqual(Object.fromEntries(fields));
  const bytes = [...fields.values()].reduce((sum, text) => sum + Buffer.byteLength(JSON.stringify(text)), 0);
  expect((await sizeOfFields(services, of)).total_size_bytes).toBe(bytes);
}
