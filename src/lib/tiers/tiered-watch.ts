/** One operation on one tier, as it went: how many of the items that it asked for were there, and how long it took. */
export interface TierOperation {
  tier: string;
  op: string;
  hits: number;
  misses: number;
  ms: number;
  failed: boolean;
}
export type Observe = (operation: TierOperation) => void;

/** Operations that look for items; of the others only time and failure say something. */
const LOOKING = new Set(['get', 'has', 'getMany', 'look', 'read']);

/** No hit: what the front tier does not believe itself, that it knows of nothing, and a record whose content is not with it. */
const isHit = (found: unknown): boolean => {
  if (!found || typeof found !== 'object') return found === true;
  const { trusted, kind, record } = found as { trusted?: boolean; kind?: string; record?: { live: boolean; content?: Buffer } };
  if (record) return record.live && record.content !== undefined;
  return trusted === undefined || (trusted && kind !== 'gone');
};

interface Watching {
  tier: string;
  observe: Observe;
  /** Whether its caller looks for items, so that there are hits and misses. */
  looks: boolean;
}

/** The same part of a tier, with every call of it observed. */
export function watched<T extends object>(part: T, { tier, observe, looks }: Watching): T {
  const wrap = (op: string, call: (...args: never[]) => unknown) => {
    const isLook = looks && LOOKING.has(op);
    const tell = (started: number, failed: boolean, found: readonly unknown[] = []) => {
      const looked = isLook ? found : [];
      const hits = looked.filter(isHit).length;
      observe({ tier, op, hits, misses: looked.length - hits, ms: performance.now() - started, failed });
    };
    return async (...args: never[]) => {
      const started = performance.now();
      try {
        const answer = await call.apply(part, args);
        tell(started, answer === undefined && op === 'look', Array.isArray(answer) ? answer : [answer]);
        return answer;
      } catch (error) {
        tell(started, true);
        throw error;
      }
    };
  };
  const isAsync = (name: string, value: unknown): value is (...args: never[]) => unknown =>
    typeof value === 'function' && name !== 'compresses';
  const entries = Object.entries(part).map(([name, value]) => [name, isAsync(name, value) ? wrap(name, value) : value]);
  return Object.fromEntries(entries) as T;
}
