import { script } from '../connect/redis-script.ts';
import { decodeField } from './field-text.ts';
import { EACH } from './hot-field-all-scripts.ts';
import type { Answered, FieldsOf, Refusal } from './hot-fields.ts';
import { fieldAnswers, fieldIndex, fieldValue } from './keys.ts';
import type { RedisGate } from './redis-gate.ts';

const MAX_LOOKS = 20;
const each = script('fields-each', EACH);

type Row = [name: string, ...rest: (string | number)[]];
type ReadRow = [name: string, kind: string, texts: string[]];
type What = 'read' | 'size' | 'ttl' | 'delete' | 'sweep' | 'repair' | 'figures';

/** Figures are in the index, and most sessions that may be idle are not. */
const needsNames = (what: What) => what !== 'figures' && what !== 'sweep';

/** All fields of a session in one step. Calls answer `undefined` when Redis does not; none throws. */
export function createHotFieldAll(redis: RedisGate, { now }: { now: () => number }) {
  /** Learns the names, then acts on all fields at once; one that came in between takes another look. */
  function run(what: What, of: FieldsOf, argument: number | '' = '') {
    return redis.call(`fields-${what}`, async (client): Promise<Answered<{ rows: (Row | number)[] }>> => {
      const index = fieldIndex(of.tenant, of.session_id);
      let names = needsNames(what) ? (await client.hkeys(index)).filter((name) => !name.startsWith('|')) : [];
      for (let look = 0; look < MAX_LOOKS; look++) {
        const values = names.map((name) => fieldValue(of.tenant, of.session_id, name));
        const keys = [index, fieldAnswers(of.tenant, of.session_id), ...values];
        const reply = await each.run(client, keys, [now(), of.who, '', what, argument, ...names]);
        const [status, ...rows] = reply as [string, ...(Row | number)[]];
        if (status === 'ok') return { rows };
        if (status !== 'more') return { refused: status as Refusal };
        names = rows as unknown as string[];
      }
      return { refused: 'busy' };
    });
  }

  /** A step that answers one number. */
  async function count(what: What, of: FieldsOf, argument?: number): Promise<Answered<{ count: number }> | undefined> {
    const answer = await run(what, of, argument);
    return answer && (answer.refused ? answer : { count: Number(answer.rows[0] ?? 0) });
  }

  return {
    /** Every field's value, by name. */
    async readAll(of: FieldsOf): Promise<Answered<{ fields: Map<string, unknown> }> | undefined> {
      const answer = await run('read', of);
      if (!answer || answer.refused) return answer;
      const entries = (answer.rows as unknown as ReadRow[]).map(([name, kind, texts]) => [name, decodeField(kind, texts)] as const);
      return { fields: new Map(entries) };
    },

    /** Bytes of JSON of every field, by name. */
    async sizes(of: FieldsOf): Promise<Answered<{ sizes: Map<string, number> }> | undefined> {
      const answer = await run('size', of);
      if (!answer || answer.refused) return answer;
      return { sizes: new Map((answer.rows as Row[]).map(([name, bytes]) => [name, Number(bytes)])) };
    },

    /** Number and bytes by the index alone: values that were evicted count until they would have expired. */
    async figures(of: FieldsOf): Promise<{ count: number; bytes: number } | undefined> {
      const answer = await run('figures', of);
      if (!answer || answer.refused) return undefined;
      const [fields, bytes] = answer.rows.map(Number);
      return { count: fields ?? 0, bytes: bytes ?? 0 };
    },

    setTtl: (of: FieldsOf, ttlMs: number) => count('ttl', of, ttlMs),
    clear: (of: FieldsOf) => count('delete', of),
    /** Deletes the fields of a session in which none was written after `before` (ms). */
    clearBefore: (of: FieldsOf, before: number) => count('sweep', of, before),
    /** Lets go of fields whose values were evicted, so that they count no longer. */
    repair: (of: FieldsOf) => count('repair', of),
  };
}
export type HotFieldAll = ReturnType<typeof createHotFieldAll>;
