import { ERROR_CODES, MemoryError } from '../errors.ts';
import { type Attributes, startSpan } from '../spans.ts';
import { correlation, type Log } from '../telemetry.ts';
import { type ItemName, itemHash } from './keys.ts';
import type { Memory } from './tiered.ts';
import type { OneOfMany } from './tiered-many.ts';
import type { Head } from './tiered-read.ts';

/** What is told of an operation beside its name and time. Nothing here holds a key or a value. */
type Told = Record<string, string | number | boolean | string[] | Record<string, number> | undefined>;

const foundIn = (found: Pick<Head, 'tier'> | undefined): Told => ({ hit: found !== undefined, tier: found?.tier });

function foundOfMany(answers: readonly OneOfMany[]): Told {
  const tiers: Record<string, number> = {};
  let failed = 0;
  for (const answer of answers) {
    if ('error' in answer) failed++;
    else if (answer.got) tiers[answer.got.tier] = (tiers[answer.got.tier] ?? 0) + 1;
  }
  const hits = Object.values(tiers).reduce((sum, count) => sum + count, 0);
  return { keys: answers.length, hits, misses: answers.length - hits - failed, failed, tiers };
}

interface Telling<T> {
  work: () => Promise<T>;
  seen: (answer: T) => Told;
}
type Span = NonNullable<ReturnType<typeof startSpan>>;

/** Attributes of a span are flat. */
function flat(told: Told): Attributes {
  const entries = Object.entries(told).flatMap(([name, value]): [string, Attributes[string]][] => {
    if (Array.isArray(value)) return [[`keepsake.${name}`, value.join(',')]];
    if (typeof value !== 'object') return [[`keepsake.${name}`, value]];
    return Object.entries(value).map(([inner, count]) => [`keepsake.${name}.${inner}`, count]);
  });
  return Object.fromEntries(entries);
}

/** Only what the service could not do is a failed span: a precondition that does not hold is an answer. */
const isOurs = (error: unknown): boolean => !(error instanceof MemoryError) || ERROR_CODES[error.code].status >= 500;

/**
 * The same memory, with one log line and one span for each operation on items: what it was, where the item was found or put, and how
 * long it took, under the request's id and trace. Keys are hashed, values and etags left out.
 */
export function toldMemory(memory: Memory, log: Log): Memory {
  /** The operation itself where nobody wants to know of it. */
  function tell<T>(op: string, about: () => Told, how: Telling<T>): Promise<T> {
    const span = startSpan(`items.${op}`, () => correlation().traceparent);
    return span || (log.writes?.('info') ?? true) ? told(op, about, { ...how, span }) : how.work();
  }
  async function told<T>(op: string, about: () => Told, { work, seen, span }: Telling<T> & { span: Span | undefined }): Promise<T> {
    const started = performance.now();
    const end = (more: () => Told, failed: boolean) => {
      const ms = Math.round((performance.now() - started) * 100) / 100;
      const fields = () => ({ op, ...about(), ...more() });
      span?.end({ attributes: flat(fields()), failed });
      log('info', 'item', () => {
        const { request_id, trace_id } = correlation();
        return { ...fields(), ms, request_id, trace_id };
      });
    };
    try {
      const answer = await (span ? span.run(work) : work());
      end(() => seen(answer), false);
      return answer;
    } catch (error) {
      end(() => ({ code: error instanceof MemoryError ? error.code : 'internal_error' }), isOurs(error));
      throw error;
    }
  }

  const one = (of: ItemName, only?: string) => (): Told => ({ key_hash: itemHash(of), asked: only });
  return {
    ...memory,
    get: (of, only) =>
      tell('get', one(of, only), {
        work: () => memory.get(of, only),
        seen: (got) => ({ ...foundIn(got), promoted_to: got?.promoted_to }),
      }),
    head: (of, only) => tell('head', one(of, only), { work: () => memory.head(of, only), seen: foundIn }),
    put: (of, put) =>
      tell('put', one(of, put.tier), {
        work: () => memory.put(of, put),
        seen: ({ tier, durability, bytes }) => ({ tier, durability, bytes }),
      }),
    remove: (of, check) => tell('delete', one(of), { work: () => memory.remove(of, check), seen: (hit) => ({ hit }) }),
    getMany: (names, how) => tell('mget', () => ({ asked: how.only }), { work: () => memory.getMany(names, how), seen: foundOfMany }),
  };
}
