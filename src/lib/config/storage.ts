import type { Reading } from './read.ts';
import { withSecrets } from './secrets.ts';

export interface BlobConfig {
  accountUrl?: string;
  /** Not enumerable. */
  connectionString?: string;
  containers: { transcripts: string; archives: string; writes: string; items: string };
  timeoutMs: number;
  maxConnections: number;
}

export interface QueueConfig {
  serviceUri?: string;
  /** Not enumerable. */
  connectionString?: string;
  /** Put before every queue name. */
  prefix: string;
  ringTimeoutMs: number;
}

/** DESIGN §6: a request waits at most this long for a doorbell, once. */
const RING_TIMEOUT_MS = 500;

interface Account {
  url?: string;
  connectionString?: string;
}

/** Where blobs go: their own settings, and on a developer's machine else the host storage. */
function blobAccount({ values, given, warnings }: Reading, { azure }: { azure: boolean }): Account | undefined {
  const url = values.BLOB_ACCOUNT_URL;
  if (url && given('BLOB_CONNECTION_STRING')) warnings.push('BLOB_CONNECTION_STRING is ignored: BLOB_ACCOUNT_URL is set');
  if (url) return { url };
  if (values.BLOB_CONNECTION_STRING) return { connectionString: values.BLOB_CONNECTION_STRING };
  if (azure) return undefined;
  const hostUrl = values.AzureWebJobsStorage__blobServiceUri;
  return hostUrl && !given('AzureWebJobsStorage') ? { url: hostUrl } : { connectionString: values.AzureWebJobsStorage };
}

/** The cold tier, or undefined when nothing points at one in Azure. */
export function blobOf(reading: Reading, { azure }: { azure: boolean }): BlobConfig | undefined {
  const account = blobAccount(reading, { azure });
  if (!account) return undefined;
  const { BLOB_CONTAINER: prefix, BLOB_TIMEOUT_MS: timeoutMs, BLOB_MAX_CONNECTIONS: maxConnections } = reading.values;
  const config = {
    accountUrl: account.url,
    containers: { transcripts: `${prefix}-tr`, archives: `${prefix}-arc`, writes: `${prefix}-wb`, items: `${prefix}-it` },
    timeoutMs,
    maxConnections,
  };
  return withSecrets(config, { connectionString: account.connectionString });
}

/** The queues of the host storage, where the host's own triggers look. */
export function queueOf({ values, given }: Reading, { azure }: { azure: boolean }): QueueConfig | undefined {
  const serviceUri = values.AzureWebJobsStorage__queueServiceUri;
  const byIdentity = serviceUri !== undefined && !given('AzureWebJobsStorage');
  if (azure && !serviceUri && !given('AzureWebJobsStorage')) return undefined;
  const config = {
    serviceUri: byIdentity ? serviceUri : undefined,
    prefix: values.QUEUE_PREFIX ?? '',
    ringTimeoutMs: RING_TIMEOUT_MS,
  };
  return withSecrets(config, { connectionString: byIdentity ? undefined : values.AzureWebJobsStorage });
}
