import type * as sdk from 'openai';
import type OpenAI from 'openai';

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
