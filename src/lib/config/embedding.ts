import { isLoopback } from './loopback.ts';
import type { ModelConfig } from './model.ts';
import type { Reading } from './read.ts';
import { withSecrets } from './secrets.ts';

export interface EmbeddingConfig {
  /** Without `dimensions` the vectors have the length that is the model's own. */
  model: { name: string; dimensions?: number };
  /** With its version path; absent for OpenAI itself. */
  baseUrl?: string;
  /** Not enumerable; absent with managed identity, and for a server that asks for none. */
  apiKey?: string;
  /** Where no key is given, a token of this scope is asked for. */
  scope?: string;
  timeoutMs: number;
  maxRetries: number;
  pricePerMillion: number;
  /** How long a search waits for the vector of its query. */
  waitMs: number;
}

const AZURE_HOST = /\.(?:openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/;

type Connection = Pick<EmbeddingConfig, 'baseUrl' | 'apiKey' | 'scope'>;

/** The server that is named, else that of the chat model. */
function connectionOf({ values, refuse }: Reading, model: ModelConfig): Connection {
  const { EMBEDDING_BASE_URL: baseUrl, EMBEDDING_API_KEY: apiKey, AZURE_OPENAI_SCOPE: scope } = values;
  if (baseUrl === undefined) {
    if (model.kind === 'local') refuse('EMBEDDING_BASE_URL', 'is needed when EMBEDDING_MODEL is set and the model is the local one');
    if (model.kind === 'local') return {};
    const key = apiKey ?? model.apiKey;
    return { baseUrl: model.baseUrl, apiKey: key, ...(model.provider === 'azure' && !key && { scope: model.scope }) };
  }
  const { protocol, hostname } = new URL(baseUrl);
  const identity = !apiKey && AZURE_HOST.test(hostname);
  const secret = identity || apiKey !== undefined;
  if (protocol === 'http:' && secret && !isLoopback(hostname))
    refuse('EMBEDDING_BASE_URL', 'must start with https://: keys and tokens go there');
  return { baseUrl, apiKey, ...(identity && { scope }) };
}

/** The embedding model, when one is configured. */
export function embeddingOf(reading: Reading, model: ModelConfig): EmbeddingConfig | undefined {
  const { values, given, warnings } = reading;
  const name = values.EMBEDDING_MODEL;
  if (name === undefined) {
    if (given('EMBEDDING_BASE_URL')) warnings.push('EMBEDDING_BASE_URL is ignored: there is no EMBEDDING_MODEL');
    return undefined;
  }
  const { apiKey, ...connection } = connectionOf(reading, model);
  const dimensions = values.EMBEDDING_DIMENSIONS === undefined ? undefined : Number(values.EMBEDDING_DIMENSIONS);
  const config = {
    ...connection,
    model: { name, ...(dimensions !== undefined && { dimensions }) },
    timeoutMs: values.MODEL_TIMEOUT_MS,
    maxRetries: values.MODEL_MAX_RETRIES,
    pricePerMillion: values.EMBEDDING_PRICE_PER_MILLION,
    waitMs: values.EMBEDDING_WAIT_MS,
  };
  return withSecrets(config, { apiKey });
}
