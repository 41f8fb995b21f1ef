/** A part of the ids of a container, and of the times of the last change (`_ts`, seconds). Bounds are inclusive; a missing one is open. */
export interface Span {
  idFrom?: string;
  idTo?: string;
  tsFrom?: number;
  tsTo?: number;
}

/** Everything: what a condition says that tells nothing about ids and times. */
export const ANY: readonly Span[] = [{}];

// A condition that names more parts than this is not worth following: one side of it alone is right too.
const MAX_SPANS = 5000;

/** The order in which SQLite keeps ids: by their UTF-8 bytes. */
export const compareIds = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

const larger = <T>(left: T | undefined, right: T | undefined, compare: (a: T, b: T) => number): T | undefined =>
  left === undefined || (right !== undefined && compare(right, left) > 0) ? right : left;

const smaller = <T>(left: T | undefined, right: T | undefined, compare: (a: T, b: T) => number): T | undefined =>
  larger(left, right, (a, b) => compare(b, a));

const byNumber = (left: number, right: number): number => left - right;

function overlap(left: Span, right: Span): Span | undefined {
  const idFrom = larger(left.idFrom, right.idFrom, compareIds);
  const idTo = smaller(left.idTo, right.idTo, compareIds);
  const tsFrom = larger(left.tsFrom, right.tsFrom, byNumber);
  const tsTo = smaller(left.tsTo, right.tsTo, byNumber);
  if (idFrom !== undefined && idTo !== undefined && compareIds(idFrom, idTo) > 0) return undefined;
  if (tsFrom !== undefined && tsTo !== undefined && tsFrom > tsTo) return undefined;
  return {
    ...(idFrom !== undefined && { idFrom }),
    ...(idTo !== undefined && { idTo }),
    ...(tsFrom !== undefined && { tsFrom }),
    ...(tsTo !== undefined && { tsTo }),
  };
}

/** What lies in both; never less than that. */
export function both(left: readonly Span[], right: readonly Span[]): readonly Span[] {
  if (left.length * right.length > MAX_SPANS) return left.length < right.length ? left : right;
  return left.flatMap((one) => right.map((other) => overlap(one, other)).filter((span) => span !== undefined));
}

/** What lies in either; never less than that. */
export function either(left: readonly Span[], right: readonly Span[]): readonly Span[] {
  return left.length + right.length > MAX_SPANS ? ANY : [...left, ...right];
}

/** The ids of the spans as parts that do not touch, in order. Bounds on time are left out. */
export function disjoint(spans: readonly Span[]): Span[] {
  const parts: Span[] = [];
  for (const { idFrom, idTo } of spans.toSorted((left, right) => compareIds(left.idFrom ?? '', right.idFrom ?? ''))) {
    const last = parts.at(-1);
    const apart = last?.idTo !== undefined && compareIds(idFrom ?? '', last.idTo) > 0;
    if (last === undefined || apart) parts.push({ ...(idFrom !== undefined && { idFrom }), ...(idTo !== undefined && { idTo }) });
    else if (idTo === undefined) delete last.idTo;
    else if (last.idTo !== undefined && compareIds(idTo, last.idTo) > 0) last.idTo = idTo;
  }
  return parts;
}

/** The least single part that holds all of them, by ids; undefined when there is none. */
export function hull(spans: readonly Span[]): Span | undefined {
  const parts = disjoint(spans);
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return { ...(first.idFrom !== undefined && { idFrom: first.idFrom }), ...(last.idTo !== undefined && { idTo: last.idTo }) };
}
