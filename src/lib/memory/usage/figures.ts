import type { Figures, WorkFigures } from '../../model-usage.ts';

export const nothingSpent = (): Figures => ({ calls: 0, tokens_in: 0, tokens_out: 0, cost: 0, ru: 0 });

/** Adds what was spent to `sum`, in place. */
export function addFigures(sum: Figures, spent: Partial<Figures>): Figures {
  sum.calls += spent.calls ?? 0;
  sum.tokens_in += spent.tokens_in ?? 0;
  sum.tokens_out += spent.tokens_out ?? 0;
  sum.cost += spent.cost ?? 0;
  sum.ru += spent.ru ?? 0;
  return sum;
}

/** Adds rows by the kind of work they were for, in place. */
export function addRows(sum: WorkFigures, rows: (Figures & { work: string })[]): WorkFigures {
  for (const row of rows) {
    sum[row.work] ??= nothingSpent();
    addFigures(sum[row.work] ?? nothingSpent(), row);
  }
  return sum;
}
