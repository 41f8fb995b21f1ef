import type { Reading } from './read.ts';
import type { SettingName } from './settings.ts';

/** Limits of a calendar month, in the currency of the prices; absent: none. */
export interface BudgetLimits {
  soft?: number;
  hard?: number;
}
export interface BudgetConfig {
  tenant: BudgetLimits;
  user: BudgetLimits;
  over: 'local' | 'defer';
}

/** What the model may cost a tenant and a user in a month. A soft limit above the hard one would never be met: it is refused. */
export function budgetOf({ values, warnings, refuse }: Reading): BudgetConfig {
  const tenant = { soft: values.MODEL_BUDGET_TENANT_SOFT, hard: values.MODEL_BUDGET_TENANT_HARD };
  const user = { soft: values.MODEL_BUDGET_USER_SOFT, hard: values.MODEL_BUDGET_USER_HARD };
  const refuseSoft = (name: SettingName, { soft, hard }: BudgetLimits) => {
    if (soft !== undefined && hard !== undefined && soft > hard) refuse(name, 'must be at most the hard budget');
  };
  refuseSoft('MODEL_BUDGET_TENANT_SOFT', tenant);
  refuseSoft('MODEL_BUDGET_USER_SOFT', user);
  const limited = [tenant.soft, tenant.hard, user.soft, user.hard].some((limit) => limit !== undefined);
  const free = values.MODEL_PRICE_INPUT_PER_MILLION === 0 && values.MODEL_PRICE_OUTPUT_PER_MILLION === 0;
  if (limited && free) warnings.push('a model budget is set, but no price: nothing will ever count against it');
  return { tenant, user, over: values.MODEL_OVER_BUDGET };
}
