import { MemoryError } from '../../errors.ts';
import type { FieldSizes } from '../../model-answers-session.ts';
import type { FieldQuery } from '../../requests-fields.ts';
import type { Services } from '../../services.ts';
import { decodeField, encodeField, type FieldText } from '../../tiers/field-text.ts';
import { MAX_FIELD_BYTES, MAX_FIELDS } from '../../tiers/hot-field-scripts.ts';
import { type Condition, type FieldsOf, UNCONDITIONAL } from '../../tiers/hot-fields.ts';
import { refusal, settled, withRoom } from './field-access.ts';

/** A field of a session, by name. */
export interface FieldAt extends FieldsOf {
  name: string;
}

/** What is left of a field's life, in whole seconds as they were given: one of 60 s that was just set has 60. */
export const ttlSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/**
 * One field with its tag; of a list, the part from `start` to before `stop`, as Python slices. `default` (JSON) stands for a field
 * that is not there. Errors: field_not_found, wrong_type, invalid_query, tier_unavailable.
 */
export async function readField(services: Services, at: FieldAt, query: Omit<FieldQuery, 'user_id'>) {
  const fallback = query.default === undefined ? undefined : { value: parseDefault(query.default) };
  const { start, stop } = query;
  const sliced = start !== undefined || stop !== undefined;
  const answer = await services.fields.read(at, at.name, { wanted: sliced ? 'slice' : 'value', start, stop });
  if (fallback && answer?.refused === 'missing') return { field: { name: at.name, value: fallback.value, ttl_seconds: null } };
  const { kind, texts, ttlMs, tag } = settled(services, answer, at);
  return { field: { name: at.name, value: decodeField(kind, texts), ttl_seconds: ttlSeconds(ttlMs) }, tag };
}

function parseDefault(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MemoryError('invalid_query', 'default must be JSON: a text needs its quotation marks');
  }
}

/** Sets one field, by default for DEFAULT_TTL. Errors: precondition_failed, those of a store that is too large, tier_unavailable. */
export async function putField(
  services: Services,
  at: FieldAt,
  { value, ttl, condition }: { value: unknown; ttl: number | undefined; condition: Condition },
) {
  const ttl_seconds = ttl ?? services.config.fields.ttlSeconds;
  const fields = new Map([[at.name, encodeWithin(at, value)]]);
  const set = () => services.fields.set(at, fields, { ttlMs: ttl_seconds * 1000, condition });
  const { tag } = settled(services, await withRoom(services, at, set), at);
  return { field: { name: at.name, value, ttl_seconds }, tag };
}

/** Sets many fields, all or none. Errors: field_too_large, fields_too_large, too_many_fields, tier_unavailable. */
export async function updateFields(services: Services, of: FieldsOf, { fields, ttl }: { fields: object; ttl: number | undefined }) {
  const ttl_seconds = ttl ?? services.config.fields.ttlSeconds;
  const entries = Object.entries(fields);
  if (entries.length > MAX_FIELDS) throw refusal(of, 'too_many_fields');
  const texts = new Map(entries.map(([name, value]) => [name, encodeWithin({ ...of, name }, value)]));
  if (texts.size > 0) {
    const set = () => services.fields.set(of, texts, { ttlMs: ttl_seconds * 1000, condition: UNCONDITIONAL });
    settled(services, await withRoom(services, of, set), of);
  }
  return { keys: [...texts.keys()], count: texts.size, ttl_seconds };
}

function encodeWithin(at: FieldAt, value: unknown): FieldText {
  const field = encodeField(value);
  if (field.bytes > MAX_FIELD_BYTES) throw refusal(at, 'field_too_large', at.name);
  return field;
}

/** Deletes one field; a session without fields leaves the index of those that have some. Errors: precondition_failed, tier_unavailable. */
export async function deleteField(services: Services, at: FieldAt, condition: Condition) {
  const { deleted, left } = settled(services, await services.fields.drop(at, at.name, condition), at);
  if (deleted && left === 0) await services.fields.sessions.untouch(at);
  return { deleted };
}

/** All fields of a session with their values, in the order of their names. Errors: tier_unavailable. */
export async function listFields(services: Services, of: FieldsOf) {
  const { fields } = settled(services, await services.fields.all.readAll(of), of);
  const keys = [...fields.keys()].sort();
  return { fields: Object.fromEntries(keys.map((name) => [name, fields.get(name)])), keys, count: keys.length };
}

/** Deletes all fields of a session, and what is remembered of changes to them. Errors: tier_unavailable. */
export async function clearFields(services: Services, of: FieldsOf) {
  const { count } = settled(services, await services.fields.all.clear(of), of);
  await services.fields.sessions.untouch(of);
  return { deleted: count };
}

/** Gives all fields of a session the same new life. Errors: tier_unavailable. */
export async function setFieldsTtl(services: Services, of: FieldsOf, ttl_seconds: number) {
  const ttlMs = ttl_seconds * 1000;
  const { count } = settled(services, await services.fields.all.setTtl(of, ttlMs), of);
  if (count > 0) await services.fields.sessions.outlive(of, ttlMs);
  return { ttl_seconds, count };
}

/** What the fields of a session take, in bytes of JSON. Errors: tier_unavailable. */
export async function sizeOfFields(services: Services, of: FieldsOf): Promise<FieldSizes> {
  const { sizes } = settled(services, await services.fields.all.sizes(of), of);
  const names = [...sizes.keys()].sort();
  const total_size_bytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  return { total_fields: names.length, total_size_bytes, fields: Object.fromEntries(names.map((name) => [name, sizes.get(name) ?? 0])) };
}
