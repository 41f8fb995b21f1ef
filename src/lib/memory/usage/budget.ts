import type { BudgetConfig, BudgetLimits } from '../../config/budget.ts';
import { untraced } from '../../telemetry.ts';
import type { UsageOf } from '../../tiers/warm-usage.ts';
import { dateOf, monthOf } from './dates.ts';

export type BudgetState = 'ok' | 'soft' | 'hard';
/** Whose budget stands worst, and how. */
export interface Standing {
  state: BudgetState;
  of: 'tenant' | 'user';
  limits: BudgetLimits;
}
interface Whose {
  tenant: string;
  user_id: string | null;
}

const TENANT_MS = 60_000; // how old the figure of a tenant may be, and of a user: there are more of them
const USER_MS = 300_000;
const FIGURES = 10_000;
const RANK: Record<BudgetState, number> = { ok: 0, soft: 1, hard: 2 };

/** How so much money stands against its limits. A limit is reached, not only passed. */
export function budgetState(spent: number, { soft, hard }: BudgetLimits): BudgetState {
  if (hard !== undefined && spent >= hard) return 'hard';
  return soft !== undefined && spent >= soft ? 'soft' : 'ok';
}

interface Figure {
  month: string;
  cost: number;
  at: number;
  reading?: Promise<void>;
}

/**
 * Watches what the month has cost against the budgets, from figures a minute (tenant) or five (user) old, to which this instance
 * adds what it spends itself. Several instances together may therefore go over by what they spend in that time.
 */
export function createBudget({
  limits,
  now,
  costOfMonth,
}: {
  limits: BudgetConfig;
  now: () => number;
  /** What the running month has cost so far. */
  costOfMonth: (of: UsageOf) => Promise<number>;
}) {
  const figures = new Map<string, Figure>();
  const limited = ({ soft, hard }: BudgetLimits) => soft !== undefined || hard !== undefined;

  /** The budgets that bind somebody: the tenant's, and the user's own. */
  function subjects({ tenant, user_id }: Whose): { name: string; of: Standing['of']; usage: UsageOf; keptMs: number }[] {
    const whole = { name: tenant, of: 'tenant' as const, usage: { tenant }, keptMs: TENANT_MS };
    const own = user_id !== null && {
      name: `${tenant}|${user_id}`,
      of: 'user' as const,
      usage: { tenant, user_id },
      keptMs: USER_MS,
    };
    return [...(limited(limits.tenant) ? [whole] : []), ...(own && limited(limits.user) ? [own] : [])];
  }

  function figureOf(name: string): Figure {
    const month = monthOf(dateOf(now()));
    const known = figures.get(name);
    if (known?.month === month) return known;
    const fresh = { month, cost: 0, at: Number.NEGATIVE_INFINITY };
    if (figures.size >= FIGURES) figures.clear();
    figures.set(name, fresh);
    return fresh;
  }

  /** Reads the figure anew when it is too old; the reads of several callers are one. */
  function renew({ name, usage, keptMs }: ReturnType<typeof subjects>[number]): Promise<void> | undefined {
    const figure = figureOf(name);
    if (now() - figure.at < keptMs) return undefined;
    figure.reading ??= costOfMonth(usage)
      .then((cost) => {
        figure.cost = cost;
        figure.at = now();
      })
      .finally(() => {
        figure.reading = undefined;
      });
    return figure.reading;
  }

  function standing(who: Whose): Standing {
    const all = subjects(who).map(({ name, of }): Standing => {
      const { cost } = figureOf(name);
      return { state: budgetState(cost, limits[of]), of, limits: limits[of] };
    });
    return all.toSorted((a, b) => RANK[b.state] - RANK[a.state])[0] ?? { state: 'ok', of: 'tenant', limits: {} };
  }

  return {
    limits,
    /** How it stands as far as is known here: at once. What is too old is read anew beside the request, for the next one. */
    seen(who: Whose): Standing {
      for (const subject of subjects(who)) untraced(() => renew(subject)?.catch(() => {})); // the last figure stays good enough
      return standing(who);
    },
    /** How it stands, from figures that are new enough to decide by. */
    async read(who: Whose): Promise<Standing> {
      await Promise.all(subjects(who).map(renew));
      return standing(who);
    },
    /** Adds what was just spent here. */
    spent(who: Whose, cost: number): void {
      for (const { name } of subjects(who)) figureOf(name).cost += cost;
    },
  };
}
export type Budget = ReturnType<typeof createBudget>;
