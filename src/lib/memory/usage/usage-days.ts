import type { UsageMonth, WorkFigures } from '../../model-usage.ts';
import type { Warm } from '../../tiers/warm.ts';
import type { UsageOf } from '../../tiers/warm-usage.ts';
import { dateOf, datesBetween, daysAfter, monthOf } from './dates.ts';
import { addRows } from './figures.ts';

/** Days whose deltas are still there to be read (they live for 62). */
export const DELTA_DAYS = 60;
/** Days, today included, that nobody folds yet: a late instance may still write in them. */
export const OPEN_DAYS = 2;
const AT_ONCE = 8;

export interface Reading {
  /** Milliseconds since 1970. */
  now: () => number;
  warm: Pick<Warm, 'usage'>;
}

/** What was spent on each day from `from` to `to` (both yyyy-mm-dd, included) by kind of work; days without anything are left out. */
export async function usageDays(
  services: Reading,
  of: UsageOf,
  { from, to }: { from: string; to: string },
): Promise<Map<string, WorkFigures>> {
  const today = dateOf(services.now());
  const dates = datesBetween(from, to).filter((date) => date <= today);
  const folded = of.session_id === undefined ? await foldedDays(services, of, dates) : new Map<string, WorkFigures>();
  const oldest = daysAfter(today, -DELTA_DAYS);
  const open = dates.filter((date) => !folded.has(date) && date >= oldest);
  const days = new Map(folded);
  for (let at = 0; at < open.length; at += AT_ONCE) {
    const read = open.slice(at, at + AT_ONCE).map(async (date) => days.set(date, await openDay(services, of, date)));
    await Promise.all(read);
  }
  return new Map([...days].filter(([, figures]) => Object.keys(figures).length > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The days among these that were folded. The tenant's document says which; a user's has nothing where nothing was spent. */
async function foldedDays(services: Reading, of: UsageOf, dates: string[]): Promise<Map<string, WorkFigures>> {
  const settled = daysAfter(dateOf(services.now()), -OPEN_DAYS);
  const months = [...new Set(dates.filter((date) => date <= settled).map(monthOf))];
  const { usage } = services.warm;
  const read = months.map(async (month) => {
    const [whole, own] = await Promise.all([
      usage.readMonth({ tenant: of.tenant }, month),
      of.user_id === undefined ? undefined : usage.readMonth(of, month),
    ]);
    const marked = Object.entries(whole?.value.days ?? {});
    if (of.user_id === undefined) return marked;
    return marked.map(([date]): [string, WorkFigures] => [date, daysOf(own?.value)[date] ?? {}]);
  });
  const wanted = new Set(dates);
  return new Map((await Promise.all(read)).flat().filter(([date]) => wanted.has(date)));
}

const daysOf = (month: UsageMonth | undefined): Record<string, WorkFigures> => month?.days ?? {};

async function openDay({ warm }: Reading, of: UsageOf, date: string): Promise<WorkFigures> {
  const deltas = await warm.usage.listDeltas(of, date);
  const isMeant = (row: { user_id: string | null; session_id: string | null }) =>
    (of.user_id === undefined || row.user_id === of.user_id) && (of.session_id === undefined || row.session_id === of.session_id);
  return addRows(
    {},
    deltas.flatMap((delta) => delta.rows.filter(isMeant)),
  );
}

/** What the running month (UTC) has cost so far. */
export async function costOfMonth(services: Reading, of: UsageOf): Promise<number> {
  const to = dateOf(services.now());
  const days = await usageDays(services, of, { from: `${monthOf(to)}-01`, to });
  return [...days.values()].flatMap((works) => Object.values(works)).reduce((sum, { cost }) => sum + cost, 0);
}
