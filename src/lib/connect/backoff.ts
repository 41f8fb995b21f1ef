const FIRST_MS = 50;
const LONGEST_MS = 1000;

/** How long to wait before try `tries` + 1, in milliseconds: doubling, and at random within its half, so that callers do not return in step. */
export function backoffMs(tries: number, random = Math.random): number {
  const most = Math.min(FIRST_MS * 2 ** tries, LONGEST_MS);
  return most / 2 + (random() * most) / 2;
}
