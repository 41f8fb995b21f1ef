const DAY_MS = 86_400_000;

/** The UTC day of a time in milliseconds: yyyy-mm-dd. */
export const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const monthOf = (date: string): string => date.slice(0, 7);
/** The day so many days after a day, or before it. */
export const daysAfter = (date: string, days: number): string => dateOf(Date.parse(date) + days * DAY_MS);

/** Every day from the first to the last, both included. */
export function datesBetween(from: string, to: string): string[] {
  const count = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, n) => daysAfter(from, n));
}

/** The first day of the month after a day's. */
export const nextMonth = (date: string): string => dateOf(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)), 1));
