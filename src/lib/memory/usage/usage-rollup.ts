import type { UsageDelta, WorkFigures } from '../../model-usage.ts';
import type { UsageOf } from '../../tiers/warm-usage.ts';
import { dateOf, datesBetween, daysAfter, monthOf } from './dates.ts';
import { addRows } from './figures.ts';
import { DELTA_DAYS, OPEN_DAYS, type Reading } from './usage-days.ts';

const AT_ONCE = 8;
const MAX_LOST_RACES = 10;
const KEPT_SECONDS = 800 * 86_400; // two years and a bit

/**
 * Folds a tenant's days that are over into its months: every user's figures first, the tenant's own last, which marks the day as
 * folded. A day is set, never added to, so that doing it again, or in two places, changes nothing. Answers which days were folded,
 * and whether `timeUp` ended it before the last.
 */
export async function rollUpUsage(
  services: Reading,
  tenant: string,
  { timeUp = () => false }: { timeUp?: () => boolean } = {},
): Promise<{ folded: string[]; more: boolean }> {
  const today = dateOf(services.now());
  const folded: string[] = [];
  for (const date of datesBetween(daysAfter(today, -DELTA_DAYS), daysAfter(today, -OPEN_DAYS))) {
    if (timeUp()) return { folded, more: true };
    const month = await services.warm.usage.readMonth({ tenant }, monthOf(date));
    if (month?.value.days[date]) continue;
    if (!(await foldDay(services, { tenant, date, timeUp }))) return { folded, more: true };
    folded.push(date);
  }
  return { folded, more: false };
}

/** False when the time was up before all of the day's users were done. */
async function foldDay(
  services: Reading,
  { tenant, date, timeUp }: { tenant: string; date: string; timeUp: () => boolean },
): Promise<boolean> {
  const deltas = await services.warm.usage.listDeltas({ tenant }, date);
  const users = [...byUser(deltas)];
  for (let at = 0; at < users.length; at += AT_ONCE) {
    if (timeUp()) return false;
    const writes = users.slice(at, at + AT_ONCE).map(([user_id, figures]) => setDay(services, { tenant, user_id }, { date, figures }));
    await Promise.all(writes);
  }
  const figures = addRows(
    {},
    deltas.flatMap((delta) => delta.rows),
  );
  await setDay(services, { tenant }, { date, figures });
  return true;
}

function byUser(deltas: UsageDelta[]): Map<string, WorkFigures> {
  const users = new Map<string, WorkFigures>();
  for (const row of deltas.flatMap((delta) => delta.rows)) {
    if (row.user_id !== null) users.set(row.user_id, addRows(users.get(row.user_id) ?? {}, [row]));
  }
  return users;
}

async function setDay({ warm }: Reading, of: UsageOf, { date, figures }: { date: string; figures: WorkFigures }): Promise<void> {
  const month = monthOf(date);
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const read = await warm.usage.readMonth(of, month);
    if (read?.value.days[date]) return;
    const named = { ...warm.usage.monthAt(of, month), kind: 'usage_month', schema_version: 1, month, user_id: of.user_id ?? null } as const;
    const days = { ...read?.value.days, [date]: figures };
    if (await warm.usage.putMonth({ ...named, days, ttl: KEPT_SECONDS }, read)) return;
  }
  throw new Error(`usage of ${month} had other writers all the time`);
}
