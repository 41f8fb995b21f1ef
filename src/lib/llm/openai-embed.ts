import { z } from 'zod';
import { cutToTokens, type EmbedInput, embedBatches } from './embed-batches.ts';
import { failed } from './openai-answer.ts';
import { type ClientSettings, lazyClient } from './openai-client.ts';
import { failureOf, refusesParameter } from './openai-errors.ts';
import { createMeter, type Meter } from './openai-meter.ts';
import { type Embedder, type EmbeddingModel, ModelError } from './port.ts';

export interface EmbedderSettings extends ClientSettings {
  model: EmbeddingModel;
  pricePerMillion: number;
  now: () => number;
}

/** Digits that a float32 has. */
const DIGITS = 7;

const Answer = z.object({
  model: z.string(),
  data: z.array(z.object({ index: z.number().int().nonnegative(), embedding: z.array(z.number()).min(1) })),
  usage: z.object({ prompt_tokens: z.number() }).optional(),
});
type Answer = z.infer<typeof Answer>;

interface Asking {
  as: EmbeddingModel;
  meter: Meter;
  options: { signal?: AbortSignal; maxRetries?: number };
}

/** An embedding model behind an OpenAI-compatible endpoint. Nothing is loaded or opened before the first call. */
export function createOpenAIEmbedder(settings: EmbedderSettings): Embedder {
  const { model, now } = settings;
  const connect = lazyClient(settings);
  const prices = { inputPerMillion: settings.pricePerMillion, outputPerMillion: 0 };

  /** The vectors of one request; a server that does not take an input is asked for halves, then for half a text, and in the end left alone. */
  async function ask(inputs: EmbedInput[], asking: Asking): Promise<{ vectors: Map<number, number[]>; model: string }> {
    const { as, meter, options } = asking;
    const { openai, client } = await connect();
    const request = { model: as.name, input: inputs.map(({ text }) => text), ...(as.dimensions && { dimensions: as.dimensions }) };
    try {
      // without an encoding the SDK asks for base64 and decodes it, and takes numbers from servers that do not know that
      const answer = await client.withOptions({ fetch: meter.fetch }).embeddings.create(request, options);
      return readAnswer(plain(answer), { inputs, asking });
    } catch (error) {
      if (error instanceof ModelError) throw error;
      if (!refusesParameter(error, INPUT_REFUSED)) throw failed(failureOf(error, openai, now), meter.usage());
    }
    const answers = [];
    for (const half of halved(inputs)) answers.push(await ask(half, asking));
    return { vectors: new Map(answers.flatMap((one) => [...one.vectors])), model: answers[0]?.model ?? as.name };
  }

  return {
    model,
    async embed(texts, { as = model, ...options } = {}) {
      const meter = createMeter({ model: as.name, prices, now });
      const found = new Map<number, number[]>();
      let named = as.name;
      for (const batch of embedBatches(texts)) {
        const answer = await ask(batch, { as, meter, options });
        for (const [at, vector] of answer.vectors) found.set(at, vector);
        named = answer.model;
      }
      return { vectors: texts.map((_, at) => found.get(at) ?? []), model: named, usage: meter.usage() };
    },
  };
}

/** What a 400 says that is about a text, and not about the model or how it was asked. */
const INPUT_REFUSED = /input|token|context|too long|content/i;
const SHORTEST_TOKENS = 100;

/** The same inputs in two requests, or the one input cut in half; nothing when there is hardly anything left of it. */
function halved(inputs: EmbedInput[]): EmbedInput[][] {
  const [only] = inputs;
  if (inputs.length === 1 && only !== undefined) {
    if (only.tokens <= SHORTEST_TOKENS) return [];
    return [[{ ...only, ...cutToTokens(only.text, only.tokens / 2) }]];
  }
  const middle = Math.ceil(inputs.length / 2);
  return [inputs.slice(0, middle), inputs.slice(middle)];
}

/** The SDK decodes base64 into typed arrays. */
function plain(answer: { data?: { embedding: ArrayLike<number> }[] }): unknown {
  return { ...answer, data: answer.data?.map((one) => ({ ...one, embedding: Array.from(one.embedding) })) };
}

/** Throws a ModelError when there is not one vector an input, all of one length and of the length asked for. */
function readAnswer(answer: unknown, { inputs, asking }: { inputs: EmbedInput[]; asking: Asking }) {
  const { meter, as } = asking;
  const parsed = Answer.safeParse(answer);
  meter.countInput(parsed.data?.usage?.prompt_tokens ?? inputs.reduce((sum, { tokens }) => sum + tokens, 0));
  const data: Answer['data'] = parsed.data?.data ?? [];
  const vectors = new Map(data.flatMap(({ index, embedding }) => placed(inputs[index], embedding)));
  const lengths = new Set(data.map(({ embedding }) => embedding.length));
  const asAsked = as.dimensions === undefined || lengths.has(as.dimensions);
  if (!parsed.success || vectors.size !== inputs.length || lengths.size !== 1 || !asAsked)
    throw failed({ reason: 'malformed', message: 'the server did not answer with one vector a text' }, meter.usage());
  return { vectors, model: parsed.data.model };
}

const placed = (input: EmbedInput | undefined, vector: number[]): [number, number[]][] =>
  input === undefined ? [] : [[input.at, vector.map((value) => Number(value.toPrecision(DIGITS)))]];
