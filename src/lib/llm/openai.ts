import type * as sdk from 'openai';
import type OpenAI from 'openai';
import { z } from 'zod';
import { boundProfile, boundReflection, boundSummary } from './bounds.ts';
import { type Answering, createAnswering } from './openai-answer.ts';
import { failureOf } from './openai-errors.ts';
import { type Model, ModelError, type ModelOptions, Profile, Reflection, Summary } from './port.ts';
import { profilePrompt, reflectPrompt, summarizePrompt } from './prompts.ts';

export interface OpenAIModelSettings {
  /** OpenAI when absent; `<endpoint>/openai/v1/` for Azure; any compatible server. */
  baseUrl?: string;
  apiKey?: string;
  /** Asked before each request; wins over `apiKey`. */
  tokenProvider?: () => Promise<string>;
  model: string;
  /** Of one HTTP attempt, answer body included. */
  timeoutMs: number;
  /** Of connection errors, 408, 409, 429 and 5xx, by the SDK, which waits as Retry-After says (up to ten seconds). */
  maxRetries: number;
  prices: { inputPerMillion: number; outputPerMillion: number };
  /** Sends `store: false`, which other servers may refuse. Default: where `baseUrl` is absent or a host of OpenAI or Azure. */
  sendStore?: boolean;
  now: () => number;
}

export type ClientSettings = Pick<OpenAIModelSettings, 'baseUrl' | 'apiKey' | 'tokenProvider' | 'timeoutMs' | 'maxRetries'>;

const OPENAI_URL = 'https://api.openai.com/v1';
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

export interface Connection {
  openai: typeof sdk;
  client: OpenAI;
}

/** One client, made at the first call; a failed start is not remembered. */
export function lazyClient(settings: ClientSettings): () => Promise<Connection> {
  let connecting: Promise<Connection> | undefined;
  return () => {
    connecting ??= open(settings).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
}

async function open({ baseUrl, apiKey, tokenProvider, timeoutMs, maxRetries }: ClientSettings): Promise<Connection> {
  const openai = await import('openai');
  const client = new openai.OpenAI({
    baseURL: baseUrl ?? OPENAI_URL,
    // the SDK refuses to start without a key; a server that needs none ignores it
    apiKey: tokenProvider ?? apiKey ?? 'none',
    // given, so that the SDK does not read them from the environment
    organization: null,
    project: null,
    timeout: timeoutMs,
    maxRetries,
    // its log quotes requests
    logLevel: 'off',
  });
  return { openai, client };
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
