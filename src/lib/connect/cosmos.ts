import { Agent } from 'node:https';
import { type Container, CosmosClient, type CosmosClientOptions, type PluginConfig } from '@azure/cosmos';
import type { TokenCredential } from '@azure/identity';
import type { CosmosConfig } from '../config/cosmos.ts';
import { isLoopback } from '../config/loopback.ts';
import { type CosmosCall, patience } from './cosmos-patience.ts';
import { type Sockets, socketsOf } from './socket-count.ts';

export interface CosmosConnection {
  client: CosmosClient;
  memory: Container;
  directory: Container;
  ops: Container;
  items: Container;
  /** What is wrong with the account's consistency or regions, or undefined. Asked once; a failed question is asked again. */
  checkConsistency: () => Promise<string | undefined>;
  /** Undefined over http, where the SDK keeps them to itself. */
  sockets: () => Sockets | undefined;
  dispose: () => void;
}

export interface CosmosConnectionOptions {
  /** Needed when no key is configured. */
  credential?: TokenCredential;
  /** Told of every HTTP call, retries included, in the async context of the operation that made it. */
  onCall?: (call: CosmosCall) => void;
}

/** The plugin interface is exported by the SDK, but the option for it is not in its types. */
type Options = CosmosClientOptions & { plugins: PluginConfig[] };

function optionsOf(config: CosmosConfig, { credential, onCall }: CosmosConnectionOptions): Options {
  const { endpoint, key, requestTimeoutMs, maxRetries } = config;
  const { protocol, hostname } = new URL(endpoint);
  if (!key && protocol === 'http:') throw new Error(`Cosmos DB at ${endpoint} needs a key: bearer tokens are sent over https only`);
  if (!key && !credential) throw new Error(`Cosmos DB at ${endpoint} needs a key or a credential`);
  const discover = !isLoopback(hostname);
  return {
    endpoint,
    ...(key ? { key } : { aadCredentials: credential }),
    connectionPolicy: {
      requestTimeout: requestTimeoutMs,
      retryOptions: { maxRetryAttemptCount: maxRetries, maxWaitTimeInSeconds: requestTimeoutMs / 1000 },
      enableEndpointDiscovery: discover,
      enableBackgroundEndpointRefreshing: discover,
      useMultipleWriteLocations: false,
    },
    plugins: [patience({ maxRetries, onCall })],
  };
}

/** Compare-and-set and rebuilds rely on reading what was written, wherever it was written. */
async function consistencyProblem(client: CosmosClient): Promise<string | undefined> {
  const { resource: account } = await client.getDatabaseAccount();
  if (!account) return 'The Cosmos DB account did not describe itself';
  const { consistencyPolicy, enableMultipleWritableLocations } = account;
  if (enableMultipleWritableLocations) return 'The Cosmos DB account writes in several regions; Keepsake needs one write region';
  if (consistencyPolicy !== 'Strong') return `The Cosmos DB account has ${consistencyPolicy} consistency; Keepsake needs Strong`;
  return undefined;
}

/** The connection to Cosmos DB: sockets open with the first call. Containers are expected to be there; nothing is created here. */
export function connectCosmos(config: CosmosConfig, options: CosmosConnectionOptions = {}): CosmosConnection {
  const secure = config.endpoint.startsWith('https:');
  // The SDK refuses an agent of ours for http, which only the local stand-in speaks.
  const agent = secure ? new Agent({ keepAlive: true, maxSockets: config.maxConnections }) : undefined;
  const client = new CosmosClient({ ...optionsOf(config, options), agent });
  const database = client.database(config.database);
  const { memory, directory, ops, items } = config.containers;

  let checking: Promise<string | undefined> | undefined;
  const checkConsistency = () => {
    checking ??= consistencyProblem(client).catch((error: unknown) => {
      checking = undefined;
      throw error;
    });
    return checking;
  };

  return {
    client,
    memory: database.container(memory),
    directory: database.container(directory),
    ops: database.container(ops),
    items: database.container(items),
    checkConsistency,
    sockets: () => agent && socketsOf(agent, config.maxConnections),
    dispose: () => {
      client.dispose();
      agent?.destroy();
    },
  };
}
