import type { ModelUsage } from '../llm/port.ts';

/** The sum of what two answers took; the newer one's model. */
export function addUsage(a: ModelUsage | undefined, b: ModelUsage): ModelUsage {
  if (!a) return b;
  return {
    model: b.model,
    calls: a.calls + b.calls,
    tokens_in: a.tokens_in + b.tokens_in,
    tokens_out: a.tokens_out + b.tokens_out,
    cost: a.cost + b.cost,
    ms: a.ms + b.ms,
  };
}
