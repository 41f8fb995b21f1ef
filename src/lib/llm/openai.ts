import { z } from 'zod';
import { boundProfile, boundReflection, boundSummary } from './bounds.ts';
import { type Answering, createAnswering } from './openai-answer.ts';
import { type Connection, lazyClient, type OpenAIModelSettings } from './openai-client.ts';
import { failureOf } from './openai-errors.ts';
import { type Model, ModelError, type ModelOptions, Profile, Reflection, Summary } from './port.ts';
import { profilePrompt, reflectPrompt, summarizePrompt } from './prompts.ts';

const OWN_HOSTS = /(?:^|\.)(?:openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/;
const PING_TIMEOUT_MS = 5_000;
const REFLECT_OUTPUT_TOKENS = 8_000;
const PROFILE_OUTPUT_TOKENS = 4_000;
/** Room for what a reasoning model thinks before it writes. */
const REASONING_TOKENS = 2_000;

/** A model behind an OpenAI-compatible endpoint. Nothing is loaded or opened before the first call. */
export function createOpenAIModel(settings: OpenAIModelSettings): Model {
  const connect = lazyClient(settings);
  const answering: Answering = createAnswering({ ...settings, sendStore: settings.sendStore ?? knowsStore(settings.baseUrl), connect });

  return {
    name: settings.model,
    async reflect(input, options) {
      const schema = { name: 'reflection', shape: Reflection };
      const { value, usage } = await answering.answer(reflectPrompt(input), { schema, maxTokens: REFLECT_OUTPUT_TOKENS, ...options });
      return { value: boundReflection(value, input), usage };
    },
    async summarize(input, options) {
      const schema = { name: 'summary', shape: Summary.extend({ summary: z.string().min(1) }) };
      const maxTokens = input.max_tokens * 2 + REASONING_TOKENS;
      const { value, usage } = await answering.answer(summarizePrompt(input), { schema, maxTokens, ...options });
      return { value: { summary: boundSummary(value.summary, input.max_tokens) }, usage };
    },
    async profile(input, options) {
      const schema = { name: 'profile', shape: Profile };
      const { value, usage } = await answering.answer(profilePrompt(input), { schema, maxTokens: PROFILE_OUTPUT_TOKENS, ...options });
      return { value: boundProfile(value, input.max_statements), usage };
    },
    ping: (options) => ping({ ...settings, connect }, options),
  };
}

function knowsStore(baseUrl: string | undefined): boolean {
  return baseUrl === undefined || OWN_HOSTS.test(URL.parse(baseUrl)?.hostname ?? '');
}

/** Asks for the list of models, which costs nothing. A server without that route is reachable all the same. */
async function ping(
  { connect, model, timeoutMs, now }: OpenAIModelSettings & { connect: () => Promise<Connection> },
  options: ModelOptions = {},
): Promise<void> {
  const from = now();
  const { openai, client } = await connect();
  try {
    await client.models.list({ timeout: Math.min(timeoutMs, PING_TIMEOUT_MS), maxRetries: 0, signal: options.signal });
  } catch (error) {
    const answered = error instanceof openai.APIError && (error.status === 404 || error.status === 405);
    if (answered) return;
    const { message, ...failure } = failureOf(error, openai, now);
    throw new ModelError(message, { ...failure, usage: { model, calls: 1, tokens_in: 0, tokens_out: 0, cost: 0, ms: now() - from } });
  }
}
