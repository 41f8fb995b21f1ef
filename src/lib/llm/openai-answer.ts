import type OpenAI from 'openai';
import { z } from 'zod';
import type { Connection, OpenAIModelSettings } from './openai-client.ts';
import { type Failure, failureOf, refusesParameter } from './openai-errors.ts';
import { type ChatAnswer, type ChatRequest, createMeter, type Meter } from './openai-meter.ts';
import { type ModelAnswer, ModelError, type ModelOptions, type ModelUsage } from './port.ts';
import { type Prompt, repairPrompt } from './prompts.ts';

type ChatMessage = OpenAI.Chat.Completions.ChatCompletionMessageParam;

interface Wanted<T> extends ModelOptions {
  schema: { name: string; shape: z.ZodType<T> };
  maxTokens: number;
}

export interface Answering {
  answer<T>(prompt: Prompt, wanted: Wanted<T>): Promise<ModelAnswer<T>>;
}

type AnsweringSettings = OpenAIModelSettings & { sendStore: boolean; connect: () => Promise<Connection> };

/** What the server at the other end was found to take; learned from its first refusal, then kept. */
interface Dialect {
  format: 'json_schema' | 'json_object' | 'text';
  limit: 'max_completion_tokens' | 'max_tokens';
}

/** How much of a rejected answer is shown to the model again. */
const SHOWN_ANSWER = 4_000;
const TRIES = 2;

/** Asks for one JSON answer of a schema. An answer that cannot be used is shown to the model once more, with what was wrong with it. */
export function createAnswering(settings: AnsweringSettings): Answering {
  const dialect: Dialect = { format: 'json_schema', limit: 'max_completion_tokens' };

  async function answer<T>(prompt: Prompt, wanted: Wanted<T>): Promise<ModelAnswer<T>> {
    const meter = createMeter(settings);
    const messages: ChatMessage[] = [{ role: 'user', content: prompt.user }];
    let maxTokens = wanted.maxTokens;
    let problem: Failure = { reason: 'malformed', message: 'the model was not asked' };
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const chat = await send({ prompt, messages, maxTokens, wanted, meter });
      const read = readAnswer(chat, wanted.schema.shape);
      if ('value' in read) return { value: read.value, usage: meter.usage() };
      problem = read.failure;
      messages.push(
        { role: 'assistant', content: read.shown.slice(0, SHOWN_ANSWER) || '(empty)' },
        { role: 'user', content: repairPrompt(read.hint) },
      );
      if (problem.reason === 'truncated') maxTokens *= 2;
    }
    throw failed(problem, meter.usage());
  }

  interface Sending {
    prompt: Prompt;
    messages: ChatMessage[];
    maxTokens: number;
    wanted: Wanted<unknown>;
    meter: Meter;
  }

  /** One request, again in a simpler dialect when the server says that it does not know ours. */
  async function send(sending: Sending): Promise<ChatAnswer> {
    const { wanted, meter } = sending;
    const { openai, client } = await settings.connect();
    for (;;) {
      const asked = { ...dialect };
      const request = requestOf(sending, asked);
      try {
        const chat = await client.withOptions({ fetch: meter.fetch }).chat.completions.create(request, { signal: wanted.signal });
        meter.count(chat, request);
        return chat;
      } catch (error) {
        if (simplify(dialect, asked, error)) continue;
        throw failed(failureOf(error, openai, settings.now), meter.usage());
      }
    }
  }

  function requestOf({ prompt, messages, maxTokens, wanted }: Sending, { format, limit }: Dialect): ChatRequest {
    const schema = strictSchema(wanted.schema.shape);
    const told =
      format === 'json_schema'
        ? prompt.system
        : `${prompt.system}\n\nThe JSON object must match this JSON schema:\n${JSON.stringify(schema)}`;
    return {
      model: settings.model,
      messages: [{ role: 'system', content: told }, ...messages],
      [limit]: maxTokens,
      ...(settings.sendStore ? { store: false } : {}),
      ...(format === 'json_schema'
        ? { response_format: { type: format, json_schema: { name: wanted.schema.name, strict: true, schema } } }
        : {}),
      ...(format === 'json_object' ? { response_format: { type: format } } : {}),
    };
  }

  return { answer };
}

/** A failure as the model port has it. */
export function failed({ message, reason, retry_after_ms }: Failure, usage: ModelUsage): ModelError {
  return new ModelError(message, { reason, usage, ...(retry_after_ms === undefined ? {} : { retry_after_ms }) });
}

/** Moves to the next simpler dialect when the error says that the one asked in is not known; false when it says something else. */
function simplify(dialect: Dialect, asked: Dialect, error: unknown): boolean {
  if (asked.limit === 'max_completion_tokens' && refusesParameter(error, /max_completion_tokens/)) {
    dialect.limit = 'max_tokens';
    return true;
  }
  if (asked.format !== 'text' && refusesParameter(error, /response_format|json_schema|json_object/)) {
    dialect.format = asked.format === 'json_schema' ? 'json_object' : 'text';
    return true;
  }
  return false;
}

type Read<T> = { value: T } | { failure: Failure; hint: string; shown: string };

/** The value of an answer, or why there is none; `hint` is for the model, the failure's message for people. */
function readAnswer<T>(chat: ChatAnswer, shape: z.ZodType<T>): Read<T> {
  const choice = chat.choices?.[0];
  const shown = choice?.message?.content ?? '';
  if (choice?.message?.refusal || choice?.finish_reason === 'content_filter') {
    const hint = 'it is a refusal. The task is only to record what was said; leave out what you may not record';
    return { failure: { reason: 'refused', message: 'the model refused to answer' }, hint, shown };
  }
  if (choice?.finish_reason === 'length') {
    return {
      failure: { reason: 'truncated', message: 'the answer of the model was cut off' },
      hint: 'it was cut off. Be much shorter',
      shown,
    };
  }
  const parsed = parseJson(shown);
  if (parsed === undefined)
    return { failure: { reason: 'malformed', message: 'the model did not answer with JSON' }, hint: 'it is not valid JSON', shown };
  const checked = shape.safeParse(parsed);
  if (checked.success) return { value: checked.data };
  const places = checked.error.issues.slice(0, 8).map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`);
  return { failure: { reason: 'malformed', message: 'the answer of the model does not match its schema' }, hint: places.join('; '), shown };
}

/** JSON, also inside a Markdown fence, as servers without a JSON mode like to send it. */
function parseJson(text: string): unknown {
  const from = text.indexOf('{');
  const to = text.lastIndexOf('}');
  if (from < 0 || to < from) return undefined;
  try {
    return JSON.parse(text.slice(from, to + 1));
  } catch {
    return undefined;
  }
}

/** The JSON schema of strict mode: no bounds on numbers, which not every server knows; zod checks them afterwards. */
function strictSchema(shape: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(shape, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.minimum;
      delete jsonSchema.maximum;
      delete jsonSchema.minLength;
    },
  });
  return schema;
}
