const DAY_MS = 86_400_000;

/** The UTC day of a time in milliseconds: yyyy-mm-dd. */
export const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const monthOf = (date: string): string => date.slice(0, 7);
/** The day so many days after a day, or before it. */
export const daysAfter = (date: string, days: number): string => dateOf(Date.parse(date) + days * DAY_MS);

/** How many days that is, both included; none when the last comes first. */
export const dayCount = (from: string, to: string): number => Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1);

/** Every day from the first to the last, both included. */
export function datesBetween(from: string, to: string): string[] {
  return Array.from({ length: dayCount(from, to) }, (_, n) => daysAfter(from, n));
}

/** The first day of the month after a day's. */
export const nextMonth = (date: string): string => dateOf(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)), 1));
