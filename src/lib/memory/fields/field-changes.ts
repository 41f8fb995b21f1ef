import { MemoryError } from '../../errors.ts';
import type { AppendRequest, ExtendRequest, IncrementRequest, InsertRequest, PopRequest, RemoveRequest } from '../../requests-fields.ts';
import type { Services } from '../../services.ts';
import type { Again, Answered, Change, Changed } from '../../tiers/hot-fields.ts';
import { refusal, settled, withRoom } from './field-access.ts';
import type { FieldAt } from './fields.ts';
import { equals, hasOneText } from './json-equality.ts';

const MAX_LOST_RACES = 200;

/** What a change answers, with the tag that the field has now ('' when this is the answer to an earlier request). */
export interface Outcome<T> {
  answer: T & { duplicate?: true };
  tag: string;
}

/** The length of a list; of one that is not there 0. Errors: wrong_type, tier_unavailable. */
export async function lengthOfField(services: Services, at: FieldAt): Promise<{ length: number }> {
  const answer = await services.fields.read(at, at.name, { wanted: 'length' });
  if (answer?.refused === 'missing') return { length: 0 };
  return { length: Number(settled(services, answer, at).texts[0]) };
}

/** Appends to a list. Errors: wrong_type, those of a store that is too large, tier_unavailable. */
export const appendToField = (services: Services, change: Change, { value, max_length }: AppendRequest) =>
  extendField(services, change, { values: [value], max_length });

/** Appends many; `max_length` then keeps the newest. Errors: as appendToField. */
export function extendField(services: Services, change: Change, { values, max_length = 0 }: ExtendRequest) {
  const texts = values.map((value) => JSON.stringify(value));
  return changeList(services, change, () => services.fields.push(change, { texts, most: max_length }));
}

/** Inserts before an index, which is bent to the list's ends as Python does. Errors: as appendToField. */
export function insertIntoField(services: Services, change: Change, { index, value }: InsertRequest) {
  return changeList(services, change, () => services.fields.insert(change, { at: index, text: JSON.stringify(value) }));
}

/** Takes an element out, by default the last. Errors: list_empty, index_out_of_range, wrong_type, tier_unavailable. */
export async function popFromField(
  services: Services,
  change: Change,
  { index }: PopRequest,
): Promise<Outcome<{ value: unknown; length: number }>> {
  const { count, text, ...rest } = done(services, change, await services.fields.pop(change, index));
  return outcome({ value: JSON.parse(text), length: count }, rest);
}

/**
 * Removes the first element that equals a value: the same JSON, whatever the order of names in its objects.
 * Errors: value_not_found, wrong_type, session_busy, tier_unavailable.
 */
export function removeFromField(services: Services, change: Change, { value }: RemoveRequest): Promise<Outcome<{ length: number }>> {
  if (hasOneText(value)) return changeList(services, change, () => services.fields.remove(change, { text: JSON.stringify(value) }));
  return raced(services, change, async () => {
    const answer = await services.fields.read(change, change.name);
    const found = answer?.refused ? undefined : answer?.texts.find((text) => equals(JSON.parse(text), value));
    const seen = answer && !answer.refused ? { text: found ?? '', seen: answer.tag } : { text: '' };
    return answer && services.fields.remove(change, seen);
  }).then(({ count, ...rest }) => outcome({ length: count }, rest));
}

/** Adds to a number; one that is not there counts from 0. Errors: wrong_type, invalid_body, session_busy, tier_unavailable. */
export async function incrementField(services: Services, change: Change, { by }: IncrementRequest): Promise<Outcome<{ value: number }>> {
  let seen: { seen: string; sum: string } | undefined;
  const { text, ...rest } = await raced(services, change, async () => {
    const answer = await withRoom(services, change, () => services.fields.increment(change, { by: JSON.stringify(by), ...seen }));
    if (answer && !answer.refused && 'again' in answer) seen = { seen: answer.tag, sum: sumOf(Number(answer.text), by) };
    return answer;
  });
  return outcome({ value: Number(text) }, rest);
}

function sumOf(old: number, by: number): string {
  if (!Number.isFinite(old + by)) throw new MemoryError('invalid_body', `by: the sum ${old} + ${by} is beyond the range of a number`);
  return JSON.stringify(old + by);
}

/** Compare-and-set for what one script cannot do: one after another in this process, so that parallel ones do not keep losing. */
function raced(
  services: Services,
  change: Change,
  attempt: () => Promise<Answered<Changed | Again> | undefined>,
): Promise<Pick<Changed, 'count' | 'text' | 'tag' | 'duplicate'>> {
  return services.inLine(`field|${change.tenant}|${change.session_id}|${change.name}`, async () => {
    for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
      const answer = settled(services, await attempt(), change);
      if (!('again' in answer)) return answer;
    }
    throw refusal(change, 'busy');
  });
}

async function changeList(
  services: Services,
  change: Change,
  attempt: () => Promise<Answered<Changed | Again> | undefined>,
): Promise<Outcome<{ length: number }>> {
  const { count, ...rest } = done(services, change, await withRoom(services, change, attempt));
  return outcome({ length: count }, rest);
}

function done(services: Services, change: Change, answer: Answered<Changed | Again> | undefined): Changed {
  const settledAnswer = settled(services, answer, change);
  if ('again' in settledAnswer) throw refusal(change, 'busy');
  return settledAnswer;
}

const outcome = <T>(answer: T, { tag, duplicate }: Pick<Changed, 'tag' | 'duplicate'>): Outcome<T> => ({
  answer: { ...answer, ...(duplicate && { duplicate }) },
  tag,
});
