import { isLoopback } from './loopback.ts';
import type { Reading } from './read.ts';
import { withSecrets } from './secrets.ts';

export interface CosmosConfig {
  endpoint: string;
  /** Not enumerable; absent with managed identity. */
  key?: string;
  database: string;
  containers: { memory: string; directory: string; ops: string; items: string };
  requestTimeoutMs: number;
  maxRetries: number;
  maxConnections: number;
}

/** Where the emulator and our stand-in listen. */
const LOCAL_ENDPOINT = 'http://127.0.0.1:8081';

/** The account key that every Cosmos DB emulator has; it is published in Azure's documentation and guards nothing. */
const EMULATOR_KEY = 'C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==';

/** The warm tier. Without an endpoint there is no service, so its absence stops the start. */
export function cosmosOf(reading: Reading, { development }: { development: boolean }): CosmosConfig {
  const { values, refuse, firstOf } = reading;
  const endpoint = firstOf('COSMOS_ENDPOINT', 'COSMOS_ACCOUNT_URI') ?? (development ? LOCAL_ENDPOINT : undefined);
  if (!endpoint) refuse('COSMOS_ENDPOINT', 'is needed: the service keeps its memory there');

  const { protocol, hostname } = new URL(endpoint ?? LOCAL_ENDPOINT);
  const key = values.COSMOS_KEY ?? (isLoopback(hostname) ? EMULATOR_KEY : undefined);
  if (!key && protocol === 'http:') refuse('COSMOS_KEY', 'is needed when COSMOS_ENDPOINT is http://: tokens are sent over https only');

  const prefix = values.COSMOS_CONTAINER ? `${values.COSMOS_CONTAINER}-` : '';
  const config = {
    endpoint: endpoint ?? '',
    database: firstOf('COSMOS_DATABASE', 'COSMOS_DATABASE_NAME') ?? '',
    containers: {
      memory: `${prefix}memory`,
      directory: `${prefix}directory`,
      ops: `${prefix}ops`,
      items: `${prefix}items`,
    },
    requestTimeoutMs: values.COSMOS_REQUEST_TIMEOUT_MS,
    maxRetries: values.COSMOS_MAX_RETRIES,
    maxConnections: values.COSMOS_MAX_CONNECTIONS,
  };
  return withSecrets(config, { key });
}
