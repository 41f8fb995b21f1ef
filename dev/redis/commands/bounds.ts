/** Start and end (inclusive, negative from the end) as Redis takes them, turned into the arguments of `slice`. */
export function sliceBounds([start, end]: [start: number, end: number], length: number): [from: number, to: number] {
  const first = fromEnd(start, length);
  const last = fromEnd(end, length);
  const from = Math.max(0, first);
  const to = Math.min(length, last + 1);
  return from < to ? [from, to] : [0, 0];
}

function fromEnd(position: number, length: number): number {
  return position < 0 ? length + position : position;
}
