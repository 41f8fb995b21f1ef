import { boundProfile, boundReflection } from './bounds.ts';
import { factsOf } from './local-facts.ts';
import { insightsOf } from './local-insights.ts';
import { profileOf } from './local-profile.ts';
import { extractSummary } from './local-summary.ts';
import { topicsOf } from './local-topics.ts';
import type { Model, ModelAnswer, ModelOptions } from './port.ts';
import { ModelError } from './port.ts';

const NAME = 'local';
const REFLECTION_SUMMARY_TOKENS = 200;

/** The model that needs no key: extractive summaries and rule-based facts, the same answer every time, no I/O, no cost. */
export function createLocalModel({ now }: { now: () => number }): Model {
  function answer<T>(work: () => T, options: ModelOptions = {}): Promise<ModelAnswer<T>> {
    const from = now();
    const usage = () => ({ model: NAME, calls: 1, tokens_in: 0, tokens_out: 0, cost: 0, ms: now() - from });
    if (options.signal?.aborted)
      return Promise.reject(new ModelError('the model call was aborted', { reason: 'aborted', usage: { ...usage(), calls: 0 } }));
    return Promise.resolve({ value: work(), usage: usage() });
  }
  return {
    name: NAME,
    reflect: (input, options) =>
      answer(() => {
        const facts = factsOf(input.messages, input.known_facts);
        const summary = extractSummary({
          previous: input.previous_summary,
          messages: input.messages,
          maxTokens: REFLECTION_SUMMARY_TOKENS,
        });
        const plain = facts.map(({ goal: _goal, emphasised: _emphasised, ...fact }) => fact);
        return boundReflection({ summary, topics: topicsOf(input.messages), facts: plain, insights: insightsOf(facts) }, input);
      }, options),
    summarize: (input, options) =>
      answer(() => {
        const { previous_summary, messages, max_tokens } = input;
        return { summary: extractSummary({ previous: previous_summary, messages, maxTokens: max_tokens }) };
      }, options),
    profile: (input, options) => answer(() => boundProfile(profileOf(input), input.max_statements), options),
    ping: () => Promise.resolve(),
  };
}
