import { isLoopback } from './loopback.ts';
import type { Reading } from './read.ts';
import { withSecrets } from './secrets.ts';

export interface OpenAiConfig {
  kind: 'openai';
  provider: 'azure' | 'openai' | 'compatible';
  /** With its version path; absent for OpenAI itself. */
  baseUrl?: string;
  /** Not enumerable; absent with managed identity, and for a compatible server that asks for none. */
  apiKey?: string;
  deployment: string;
  scope: string;
  timeoutMs: number;
  maxRetries: number;
  prices: { inputPerMillion: number; outputPerMillion: number };
  localFallback: boolean;
}

export type ModelConfig = { kind: 'local' } | OpenAiConfig;

function providerOf({ values }: Reading) {
  if (values.MODEL_PROVIDER) return values.MODEL_PROVIDER;
  if (values.AZURE_OPENAI_ENDPOINT) return 'azure';
  if (values.OPENAI_BASE_URL) return 'compatible';
  return values.OPENAI_API_KEY ? 'openai' : 'local';
}

/** Azure's OpenAI-compatible API is under /openai/v1/ of the resource. */
const azureBase = (endpoint: string) => `${endpoint.replace(/\/+$/, '').replace(/\/openai(\/v1)?$/, '')}/openai/v1/`;

function connectionOf({ values, refuse }: Reading, provider: OpenAiConfig['provider']) {
  if (provider === 'azure') {
    const endpoint = values.AZURE_OPENAI_ENDPOINT;
    const apiKey = values.AZURE_OPENAI_API_KEY;
    if (!endpoint) refuse('AZURE_OPENAI_ENDPOINT', 'is needed when MODEL_PROVIDER is azure');
    const { protocol, hostname } = new URL(endpoint ?? 'https://localhost');
    const plain = protocol === 'http:' && !(apiKey && isLoopback(hostname));
    if (plain) refuse('AZURE_OPENAI_ENDPOINT', 'must start with https://: keys and tokens go there');
    return { baseUrl: azureBase(endpoint ?? ''), apiKey };
  }
  if (provider === 'compatible') {
    if (!values.OPENAI_BASE_URL) refuse('OPENAI_BASE_URL', 'is needed when MODEL_PROVIDER is compatible');
    return { baseUrl: values.OPENAI_BASE_URL, apiKey: values.OPENAI_API_KEY };
  }
  if (!values.OPENAI_API_KEY) refuse('OPENAI_API_KEY', 'is needed when MODEL_PROVIDER is openai');
  return { apiKey: values.OPENAI_API_KEY };
}

/** Which of the settings of the other providers are set in vain. */
function ignored({ given, warnings }: Reading, provider: string) {
  if (provider !== 'azure' && given('AZURE_OPENAI_ENDPOINT'))
    warnings.push(`AZURE_OPENAI_ENDPOINT is ignored: the model provider is ${provider}`);
  const keyUnused = provider === 'azure' || provider === 'local';
  if (keyUnused && given('OPENAI_API_KEY')) warnings.push(`OPENAI_API_KEY is ignored: the model provider is ${provider}`);
  if (provider !== 'compatible' && given('OPENAI_BASE_URL')) warnings.push(`OPENAI_BASE_URL is ignored: the model provider is ${provider}`);
}

/** The configured model, or the built-in one when nothing points at another. */
export function modelOf(reading: Reading): ModelConfig {
  const { values } = reading;
  const provider = providerOf(reading);
  ignored(reading, provider);
  if (provider === 'local') return { kind: 'local' };

  const { baseUrl, apiKey } = connectionOf(reading, provider);
  const elsewhere = provider === 'azure' ? undefined : values.OPENAI_MODEL;
  const config = {
    kind: 'openai' as const,
    provider,
    baseUrl,
    deployment: elsewhere ?? values.AZURE_OPENAI_DEPLOYMENT,
    scope: values.AZURE_OPENAI_SCOPE,
    timeoutMs: values.MODEL_TIMEOUT_MS,
    maxRetries: values.MODEL_MAX_RETRIES,
    prices: { inputPerMillion: values.MODEL_PRICE_INPUT_PER_MILLION, outputPerMillion: values.MODEL_PRICE_OUTPUT_PER_MILLION },
    localFallback: values.MODEL_LOCAL_FALLBACK,
  };
  return withSecrets(config, { apiKey });
}
