import { type Container, type ContainerRequest, CosmosClient, type CosmosClientOptions } from '@azure/cosmos';
import { afterAll, beforeAll } from 'vitest';
import { type CosmosOptions, type CosmosServer, startCosmos } from '../../../dev/cosmos/server.ts';

/** A client with the SDK's defaults, but for endpoint discovery. */
export function clientOf(server: Pick<CosmosServer, 'endpoint' | 'key'>, options: Partial<CosmosClientOptions> = {}): CosmosClient {
  return new CosmosClient({
    endpoint: server.endpoint,
    key: server.key,
    ...options,
    connectionPolicy: { enableEndpointDiscovery: false, ...options.connectionPolicy },
  });
}

/** The HTTP status of an operation, whether it is answered or refused. Batch refusals carry theirs in `cause`. */
export async function statusOf(operation: Promise<{ statusCode?: number; code?: number | string }>): Promise<number | string | undefined> {
  try {
    const answer = await operation;
    return answer.statusCode ?? answer.code;
  } catch (error) {
    const { code, cause } = error as { code?: number | string; cause?: { code?: number | string } };
    return code ?? cause?.code;
  }
}

export interface Stand {
  server: CosmosServer;
  client: CosmosClient;
  /** A new container, partitioned by /tenant unless told otherwise. */
  container(definition?: Partial<ContainerRequest>): Promise<Container>;
}

/** One server for a test file, stopped at its end. */
export function cosmosStand(options: CosmosOptions = {}): Stand {
  const stand = {} as Stand;
  let made = 0;
  beforeAll(async () => {
    stand.server = await startCosmos(options);
    stand.client = clientOf(stand.server);
  });
  afterAll(async () => {
    stand.client.dispose();
    await stand.server.stop();
  });
  stand.container = async (definition = {}) => {
    const { database } = await stand.client.databases.createIfNotExists({ id: 'db' });
    made += 1;
    const request = { id: `c${made}`, partitionKey: { paths: ['/tenant'] }, ...definition } as ContainerRequest;
    const { container } = await database.containers.createIfNotExists(request);
    return container;
  };
  return stand;
}

/** The documents a query finds. */
export async function found<T = Record<string, unknown>>(container: Container, query: string, partitionKey?: string): Promise<T[]> {
  const options = partitionKey === undefined ? {} : { partitionKey };
  return (await container.items.query<T>(query, options).fetchAll()).resources;
}
