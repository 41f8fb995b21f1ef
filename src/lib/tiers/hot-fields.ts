import { randomUUID } from 'node:crypto';
import { script } from '../connect/redis-script.ts';
import type { FieldText } from './field-text.ts';
import { createHotFieldAll } from './hot-field-all.ts';
import { INCREMENT, INSERT, POP, PUSH, REMOVE } from './hot-field-change-scripts.ts';
import { DROP, READ, SET } from './hot-field-scripts.ts';
import { createFieldSessions } from './hot-field-sessions.ts';
import { fieldAnswers, fieldIndex, fieldValue } from './keys.ts';
import type { RedisGate } from './redis-gate.ts';

/** Whose fields are meant, and the rule for their owner that `INDEX` of the scripts describes. */
export interface FieldsOf {
  tenant: string;
  session_id: string;
  who: string;
}
/** If-Match and If-None-Match as the scripts read them: '', '*' or ',tag,tag,'. */
export interface Condition {
  mustBe: string;
  mustNot: string;
}
export const UNCONDITIONAL: Condition = { mustBe: '', mustNot: '' };

/** A change of a number or a list: `replay` and `body` are digests of the Idempotency-Key and of what was asked, or ''. */
export interface Change extends FieldsOf {
  name: string;
  condition: Condition;
  replay: string;
  body: string;
}

/** Why nothing was done; every other answer of a script is done. */
export type Refusal =
  | 'foreign'
  | 'busy'
  | 'missing'
  | 'precondition'
  | 'mismatch'
  | 'wrong_type'
  | 'list_empty'
  | 'index_out_of_range'
  | 'value_not_found'
  | 'field_too_large'
  | 'fields_too_large'
  | 'too_many_fields';
export type Answered<T> = ({ refused?: undefined } & T) | { refused: Refusal };

/** What a change left: the length of the list, and the text it took out, or the number. */
export interface Changed {
  count: number;
  text: string;
  /** Of the field as it is now; '' when this is the answer to an earlier request. */
  tag: string;
  duplicate: boolean;
}
/** The caller must look and come back: with what is there, and its tag, for a number. */
export interface Again {
  again: true;
  text: string;
  tag: string;
}
export interface FieldRead {
  kind: FieldText['kind'];
  ttlMs: number;
  tag: string;
  texts: string[];
}

const scripts = {
  read: script('field-read', READ, 2),
  set: script('field-set', SET),
  drop: script('field-drop', DROP, 2),
  increment: script('field-increment', INCREMENT, 3),
  push: script('field-push', PUSH, 3),
  insert: script('field-insert', INSERT, 3),
  pop: script('field-pop', POP, 3),
  remove: script('field-remove', REMOVE, 3),
};

type Reply = [string, ...(string | number)[]];

/**
 * Fields in Redis, one script a call and so one atomic step each (`hot-field-scripts.ts` says how they lie there). Every call answers
 * `undefined` when Redis does not; none throws. Times of writes are those of `now`, lives run by the clock of Redis.
 */
export function createHotFields(redis: RedisGate, { ttlSeconds, ttlRefresh, now }: HotFieldOptions) {
  const sessions = createFieldSessions(redis, { now });
  const keysOf = ({ tenant, session_id }: FieldsOf, name: string) => [fieldIndex(tenant, session_id), fieldValue(tenant, session_id, name)];
  const fresh = () => randomUUID();

  /** Runs a change, and notes at the same time that the session has fields. */
  async function change(work: keyof typeof scripts, of: Change, args: (string | number)[]): Promise<Answered<Changed | Again> | undefined> {
    const tag = fresh();
    const { mustBe, mustNot } = of.condition;
    const [reply] = await Promise.all([
      redis.call(`field-${work}`, (client) => {
        const keys = [...keysOf(of, of.name), fieldAnswers(of.tenant, of.session_id)];
        const head = [now(), of.who, tag, mustBe, mustNot, of.name, of.replay, of.body, ttlSeconds * 1000, ttlRefresh ? '1' : '0'];
        return scripts[work].run(client, keys, [...head, ...args]) as Promise<Reply>;
      }),
      sessions.touch(of, ttlSeconds * 1000),
    ]);
    if (!reply) return undefined;
    const [status, first = '', second = ''] = reply;
    if (status === 'again') return { again: true, text: String(first), tag: String(second) };
    if (status !== 'ok' && status !== 'duplicate') return { refused: status as Refusal };
    const duplicate = status === 'duplicate';
    return { count: Number(first), text: String(second), tag: duplicate ? '' : tag, duplicate };
  }

  return {
    enabled: redis.enabled,
    sessions,
    all: createHotFieldAll(redis, { now }),

    /** A field's value, the part of a list from `start` to before `stop`, or the length of a list. */
    read: (of: FieldsOf, name: string, { wanted = 'value', start, stop }: Wanted = {}) =>
      redis.call('field-read', async (client): Promise<Answered<FieldRead>> => {
        const args = [now(), of.who, '', name, wanted, start ?? '', stop ?? ''];
        const reply = await scripts.read.run(client, keysOf(of, name), args);
        const [status, kind, ttlMs, tag, texts] = reply as [string, FieldText['kind'], number, string, (string | number)[]];
        return status === 'ok' ? { kind, ttlMs, tag, texts: texts.map(String) } : { refused: status as Refusal };
      }),

    /** Sets fields, all or none; the condition holds for each. Answers the tag they all have now. */
    async set(of: FieldsOf, fields: ReadonlyMap<string, FieldText>, { ttlMs, condition }: { ttlMs: number; condition: Condition }) {
      const tag = fresh();
      const names = [...fields.keys()];
      const texts = [...fields].flatMap(([name, field]) => [name, field.kind, field.bytes, field.texts.length, ...field.texts]);
      const [answer] = await Promise.all([
        redis.call('field-set', async (client): Promise<Answered<{ tag: string }>> => {
          const keys = [fieldIndex(of.tenant, of.session_id), ...names.map((name) => fieldValue(of.tenant, of.session_id, name))];
          const head = [now(), of.who, tag, condition.mustBe, condition.mustNot, ttlMs];
          const [status] = (await scripts.set.run(client, keys, [...head, ...texts])) as Reply;
          return status === 'ok' ? { tag } : { refused: status as Refusal };
        }),
        sessions.touch(of, ttlMs),
      ]);
      return answer;
    },

    /** Deletes one field; answers whether it was there, and how many are left. */
    drop: (of: FieldsOf, name: string, { mustBe, mustNot }: Condition) =>
      redis.call('field-drop', async (client): Promise<Answered<{ deleted: boolean; left: number }>> => {
        const args = [now(), of.who, '', mustBe, mustNot, name];
        const [status, deleted, left] = (await scripts.drop.run(client, keysOf(of, name), args)) as Reply;
        return status === 'ok' ? { deleted: deleted === 1, left: Number(left) } : { refused: status as Refusal };
      }),

    /** Adds the number `by` (JSON). What cannot be added in Redis is answered `again`; `sum` is then for the field with the tag `seen`. */
    increment: (of: Change, { by, seen = '', sum = '' }: { by: string; seen?: string; sum?: string }) =>
      change('increment', of, [by, seen, sum]),
    push: (of: Change, { texts, most }: { texts: string[]; most: number }) => change('push', of, [most, ...texts]),
    insert: (of: Change, { at, text }: { at: number; text: string }) => change('insert', of, [at, text]),
    pop: (of: Change, at: number) => change('pop', of, [at]),
    /** Removes the first element with this very text, in the list with the tag `seen` if one is given. */
    remove: (of: Change, { text, seen = '' }: { text: string; seen?: string }) => change('remove', of, [text, seen]),
  };
}
export type HotFields = ReturnType<typeof createHotFields>;

interface HotFieldOptions {
  ttlSeconds: number;
  ttlRefresh: boolean;
  now: () => number;
}
interface Wanted {
  /** `slice` and `length` are of lists only. */
  wanted?: 'value' | 'slice' | 'length';
  start?: number;
  stop?: number;
}
