import { createLocalModel } from '../../llm/local.ts';
import { type Model, type ModelAnswer, ModelError, type ModelFailure, type ModelUsage } from '../../llm/port.ts';
import type { Services } from '../../services.ts';
import type { Lease } from './job-lease.ts';

export const MAX_ATTEMPTS = 5;

/** The model answered, but asking it again, with its mistake shown, did not help: another try later would not either. */
const LASTING: ModelFailure[] = ['refused', 'malformed', 'truncated'];

/** Does the local model take over? Lasting failures at once, passing ones when the job has no attempt left. */
export function fallsBack({ reason }: ModelError, { attempts, allowed }: { attempts: number; allowed: boolean }): boolean {
  if (!allowed || reason === 'aborted') return false;
  return LASTING.includes(reason) || attempts >= MAX_ATTEMPTS;
}

/**
 * The model as one run of a job has it. Whatever it takes is written down before the answer is used: in the ledger, in the job and
 * against the budgets. The local model answers in its place over a hard budget, and after failures where that is allowed; `usage.model`
 * of an answer names the one that spoke, and `told` is what the job's result must say about it. Throws LeaseLost rather than hand an
 * answer to a worker that has lost its job.
 */
export function createJobModel(services: Services, lease: Lease): { model: Model; told: () => Record<string, unknown> } {
  const { job, signal } = lease;
  const main = services.model;
  const local = createLocalModel({ now: services.now });
  const who = { tenant: job.tenant, user_id: job.user_id };
  const allowed = services.config.model.kind === 'openai' && services.config.model.localFallback;
  let told: Record<string, unknown> = {};

  async function account(usage: ModelUsage): Promise<void> {
    const { calls, tokens_in, tokens_out, cost } = usage;
    const spender = { ...who, session_id: job.session_id, work: job.job_kind };
    lease.spent(usage);
    services.budget.spent(who, cost);
    if (tokens_in + tokens_out > 0) await services.ledger.record(spender, { calls, tokens_in, tokens_out, cost });
    else services.ledger.count(spender, { calls });
  }

  async function counted<T>(answering: Promise<ModelAnswer<T>>): Promise<ModelAnswer<T>> {
    try {
      const answer = await answering;
      await account(answer.usage);
      return answer;
    } catch (error) {
      if (error instanceof ModelError) await account(error.usage);
      throw error;
    }
  }

  type Ask<T> = (model: Model, options: { signal: AbortSignal }) => Promise<ModelAnswer<T>>;

  async function spoken<T>(ask: Ask<T>): Promise<ModelAnswer<T>> {
    const standing = services.budget.seen(who);
    if (standing.state === 'hard' && main.name !== local.name) {
      told = { ...told, over_budget: { of: standing.of, hard: standing.limits.hard, done_by: local.name } };
      return counted(ask(local, { signal }));
    }
    try {
      return await counted(ask(main, { signal }));
    } catch (error) {
      if (!(error instanceof ModelError) || !fallsBack(error, { attempts: job.attempts, allowed })) throw error;
      told = { ...told, fallback: { model: local.name, reason: error.reason } };
      return counted(ask(local, { signal }));
    }
  }

  async function asked<T>(ask: Ask<T>): Promise<ModelAnswer<T>> {
    const answer = await spoken(ask);
    await lease.keep();
    if (signal.aborted) throw new ModelError('the job has run too long', { reason: 'aborted', usage: nothing(answer.usage.model) });
    return answer;
  }

  const model: Model = {
    name: main.name,
    reflect: (input) => asked((m, options) => m.reflect(input, options)),
    summarize: (input) => asked((m, options) => m.summarize(input, options)),
    profile: (input) => asked((m, options) => m.profile(input, options)),
  };
  return { model, told: () => told };
}

const nothing = (model: string): ModelUsage => ({ model, calls: 0, tokens_in: 0, tokens_out: 0, cost: 0, ms: 0 });
