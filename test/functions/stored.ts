import { CosmosClient } from '@azure/cosmos';
import type { Stack } from '../support/stack.ts';

const CONTAINERS = ['memory', 'directory', 'ops', 'items'];

/** Everything that lies in Cosmos DB and the names of everything in Redis, as one text: equal texts mean that nothing changed. */
export async function allStored({ cosmos, redis }: Pick<Stack, 'cosmos' | 'redis'>): Promise<string> {
  return [await allDocuments(cosmos), ...(await redis.keys()).sort()].join('\n');
}

/** Every document of every container, as it is stored, one a line. */
export async function allDocuments({ endpoint, key }: Pick<Stack['cosmos'], 'endpoint' | 'key'>): Promise<string> {
  const client = new CosmosClient({ endpoint, key, connectionPolicy: { enableEndpointDiscovery: false } });
  try {
    const lists = CONTAINERS.map((name) => client.database('keepsake').container(name).items.readAll().fetchAll());
    const documents = (await Promise.all(lists)).flatMap(({ resources }) => resources);
    return documents
      .filter(({ kind }) => kind !== 'usage') // what calls cost is written down when a minute is over, whatever they changed
      .map((document) => JSON.stringify(document))
      .sort()
      .join('\n');
  } finally {
    client.dispose();
  }
}
