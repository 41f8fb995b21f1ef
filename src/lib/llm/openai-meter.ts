import type OpenAI from 'openai';
import type { OpenAIModelSettings } from './openai-client.ts';
import { retryAfter } from './openai-errors.ts';
import type { ModelUsage } from './port.ts';
import { estimateTokens } from './tokens.ts';

export type ChatRequest = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;
export type ChatAnswer = OpenAI.Chat.Completions.ChatCompletion;

/**
 * A server that asks for more is asked again by the queue: the SDK would sleep up to a minute here, and comes back at once when it is
 * asked to wait longer than that.
 */
const LONGEST_PAUSE_MS = 10_000;

export interface Meter {
  /** For the SDK: counts and reads through. */
  fetch: typeof globalThis.fetch;
  /** Adds what an answer says it took; estimated when it does not say. */
  count(chat: ChatAnswer, request: ChatRequest): void;
  /** Adds input tokens. */
  countInput(tokens: number): void;
  usage(): ModelUsage;
}

/** Counts every HTTP attempt of one question, retries included, and what the answers say they took. */
export function createMeter({ model, prices, now }: Pick<OpenAIModelSettings, 'model' | 'prices' | 'now'>): Meter {
  const from = now();
  let calls = 0;
  let tokensIn = 0;
  let tokensOut = 0;
  return {
    async fetch(input, init) {
      calls += 1;
      const response = await globalThis.fetch(input, init);
      // read here, while the SDK's timer runs: it stops at the headers, and a body can stall too
      const body = await response.arrayBuffer();
      const { status, statusText } = response;
      const headers = new Headers(response.headers);
      if ((retryAfter(headers, now) ?? 0) > LONGEST_PAUSE_MS) headers.set('x-should-retry', 'false');
      return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
    },
    /** Adds what an answer says it took; estimated when it does not say. */
    count(chat, request) {
      tokensIn += chat.usage?.prompt_tokens ?? estimateTokens(JSON.stringify(request.messages));
      tokensOut += chat.usage?.completion_tokens ?? estimateTokens(chat.choices?.[0]?.message?.content ?? '');
    },
    countInput(tokens) {
      tokensIn += tokens;
    },
    usage() {
      const cost = (tokensIn * prices.inputPerMillion + tokensOut * prices.outputPerMillion) / 1_000_000;
      return { model, calls, tokens_in: tokensIn, tokens_out: tokensOut, cost, ms: now() - from };
    },
  };
}
