import { SETTING_NAMES } from './settings.ts';

/** Shorter names are a letter or two from anything in an environment. */
const SHORTEST = 8;

const known = new Set<string>(SETTING_NAMES);

/** How many letters must be added, removed, changed or swapped with their neighbour; counting stops being exact above 2. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const change = (last[column - 1] ?? 0) + (same ? 0 : 1);
      const add = (current[column - 1] ?? 0) + 1;
      const remove = (last[column] ?? 0) + 1;
      const swap = swapped ? (beforeLast[column - 2] ?? 0) + 1 : change;
      current.push(Math.min(change, add, remove, swap));
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

const nearest = (name: string) =>
  SETTING_NAMES.filter((candidate) => candidate.length >= SHORTEST)
    .map((candidate) => ({ candidate, letters: distance(name.toUpperCase(), candidate.toUpperCase()) }))
    .sort((a, b) => a.letters - b.letters)[0];

/** One warning for each name that is no setting but nearly one. */
export function typoWarnings(names: readonly string[]): string[] {
  const unknown = names.filter((name) => name.length >= SHORTEST - 1 && !known.has(name));
  return unknown.flatMap((name) => {
    const { candidate, letters } = nearest(name) ?? { letters: 3 };
    return letters <= 2 ? [`${name} is not a setting; did you mean ${candidate}?`] : [];
  });
}
