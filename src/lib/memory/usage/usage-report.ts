import { MemoryError } from '../../errors.ts';
import type { Figures } from '../../model-usage.ts';
import type { UsageQuery } from '../../requests.ts';
import type { Services } from '../../services.ts';
import { budgetState } from './budget.ts';
import { dateOf, dayCount, daysAfter } from './dates.ts';
import { addFigures, nothingSpent } from './figures.ts';
import { costOfMonth, usageDays } from './usage-days.ts';

const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;

/**
 * What was spent from day to day (UTC, both ends included; the last 30 days when not said), by kind of work, and how the month stands
 * against the budget of the user named, else of the tenant. A bound caller is answered for its own user. Errors: scope_mismatch, invalid_query.
 */
export async function readUsage(
  services: Services,
  { tenant, user }: { tenant: string; user?: string },
  { user_id, session_id, from, to }: UsageQuery,
) {
  const last = to?.slice(0, 10) ?? dateOf(services.now());
  const first = from?.slice(0, 10) ?? daysAfter(last, 1 - DEFAULT_DAYS);
  refuseRange(first, last);
  await services.ledger.flush();
  const whose = user_id ?? user;
  const of = { tenant, ...(whose !== undefined && { user_id: whose }) };
  const [found, spent] = await Promise.all([
    usageDays(services, { ...of, ...(session_id !== undefined && { session_id }) }, { from: first, to: last }),
    costOfMonth(services, of),
  ]);
  const totals = nothingSpent();
  const days = [...found].flatMap(([date, works]) =>
    Object.entries(works)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, figures]) => {
        addFigures(totals, figures);
        return { date, kind, ...rounded(figures) };
      }),
  );
  const limits = services.config.budget[whose === undefined ? 'tenant' : 'user'];
  const budget = { soft: limits.soft ?? null, hard: limits.hard ?? null, spent: money(spent), state: budgetState(spent, limits) };
  return { from: first, to: last, days, totals: rounded(totals), budget };
}

function refuseRange(from: string, to: string): void {
  const days = dayCount(from, to);
  if (days === 0) throw new MemoryError('invalid_query', `from must not be after to, saw ${from} and ${to}`);
  if (days > MAX_DAYS) throw new MemoryError('invalid_query', `from and to may span ${MAX_DAYS} days, saw ${days}`);
}

/** Sums of fractions, without the last digits that adding them makes up. */
const money = (cost: number): number => Math.round(cost * 1e9) / 1e9;
const rounded = (figures: Figures): Figures => ({ ...figures, cost: money(figures.cost), ru: Math.round(figures.ru * 100) / 100 });
