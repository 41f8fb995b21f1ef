import { z } from 'zod';

/** One message as a model sees it. `created_at` is ISO 8601. */
export interface ModelMessage {
  seq: number;
  role: 'user' | 'assistant' | 'system' | 'tool';
  name?: string;
  content: string;
  created_at: string;
}

export interface ReflectInput {
  previous_summary: string;
  messages: ModelMessage[];
  /** Texts of the user's current facts: a repetition takes their wording, so that it can be counted as support. */
  known_facts: string[];
  /** Memory texts that were injected into the prompt of these turns: they come back as echoes and are no new facts. */
  injected?: string[];
}

export interface SummarizeInput {
  previous_summary: string;
  messages: ModelMessage[];
  max_tokens: number;
}

export interface ProfileInput {
  /** The statements of the profile so far. */
  previous: string[];
  facts: { text: string; kind: string; support: number; created_at: string }[];
  insights: { text: string; created_at: string }[];
  max_statements: number;
}

export const FactKind = z.enum(['fact', 'preference', 'event']);
export type FactKind = z.infer<typeof FactKind>;

export const ReflectedFact = z.object({
  text: z.string(),
  kind: FactKind,
  topics: z.array(z.string()),
  confidence: z.number().min(0).max(1),
  source_seqs: z.array(z.number().int()),
});
export type ReflectedFact = z.infer<typeof ReflectedFact>;

export const ReflectedInsight = z.object({ text: z.string(), source_seqs: z.array(z.number().int()) });
export type ReflectedInsight = z.infer<typeof ReflectedInsight>;

/** What a pass over new turns yields: the session's summary so far, and what the turns say about the user. */
export const Reflection = z.object({
  summary: z.string(),
  topics: z.array(z.string()),
  facts: z.array(ReflectedFact),
  insights: z.array(ReflectedInsight),
});
export type Reflection = z.infer<typeof Reflection>;

/** The new cumulative summary: the previous one and the messages, merged. */
export const Summary = z.object({ summary: z.string() });
export type Summary = z.infer<typeof Summary>;

/** The long-term profile: short statements about the user, most important first. */
export const Profile = z.object({ statements: z.array(z.string()) });
export type Profile = z.infer<typeof Profile>;

/** What an answer took. `cost` is in the configured currency unit, from prices per million tokens; `ms` is wall time over all calls. */
export interface ModelUsage {
  model: string;
  calls: number;
  tokens_in: number;
  tokens_out: number;
  cost: number;
  ms: number;
}

export interface ModelAnswer<T> {
  value: T;
  usage: ModelUsage;
}

export interface ModelOptions {
  signal?: AbortSignal;
}

/** Where a model is asked for help. Every answer is already schema-checked and bounded; every failure is a ModelError. */
export interface Model {
  readonly name: string;
  reflect(input: ReflectInput, options?: ModelOptions): Promise<ModelAnswer<Reflection>>;
  summarize(input: SummarizeInput, options?: ModelOptions): Promise<ModelAnswer<Summary>>;
  profile(input: ProfileInput, options?: ModelOptions): Promise<ModelAnswer<Profile>>;
  /** Resolves when the model can be reached, else rejects with a ModelError. Spends no tokens. */
  ping?(options?: ModelOptions): Promise<void>;
}

/** An embedding model; without `dimensions` its vectors have the length that is its own. */
export interface EmbeddingModel {
  name: string;
  dimensions?: number;
}

/** One vector a text, all of one length; an empty one for a text that the server does not take. `model` is what the server says it is. */
export interface Embeddings {
  vectors: number[][];
  model: string;
  usage: ModelUsage;
}

/** Where texts become vectors. It is configured apart from the chat model. Every failure is a ModelError. */
export interface Embedder {
  readonly model: EmbeddingModel;
  /** `as` is another model of the same server; `maxRetries` may be fewer than configured. */
  embed(texts: string[], options?: ModelOptions & { as?: EmbeddingModel; maxRetries?: number }): Promise<Embeddings>;
}

export type ModelFailure = 'timeout' | 'rate_limited' | 'unavailable' | 'refused' | 'truncated' | 'malformed' | 'unauthorized' | 'aborted';

/** A model that did not answer. `usage` is what was spent before it failed; the message holds no text of a conversation and no secret. */
export class ModelError extends Error {
  readonly reason: ModelFailure;
  readonly usage: ModelUsage;
  readonly retry_after_ms?: number;

  constructor(message: string, details: { reason: ModelFailure; usage: ModelUsage; retry_after_ms?: number }) {
    super(message);
    this.name = 'ModelError';
    this.reason = details.reason;
    this.usage = details.usage;
    if (details.retry_after_ms !== undefined) this.retry_after_ms = details.retry_after_ms;
  }
}
