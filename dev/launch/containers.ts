import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The paths that each container indexes, as Bicep reads them too: `/*` would make every write pay for every word of a message. */
const INDEXES = join(import.meta.dirname, '../../infra/cosmos-indexes.json');
const OWN_TTL = -1; // documents expire by their own `ttl` and by nothing else

/** The Cosmos DB containers of the service, as the Bicep creates them in Azure. `prefix` is the setting COSMOS_CONTAINER. */
export function cosmosContainers(prefix?: string) {
  const indexes = JSON.parse(readFileSync(INDEXES, 'utf8')) as Record<string, string[]>;
  return Object.entries(indexes).map(([name, paths]) => ({
    id: prefix ? `${prefix}-${name}` : name,
    partitionKeyPath: '/pk',
    defaultTtl: OWN_TTL,
    indexingPolicy: { includedPaths: paths.map((path) => ({ path })), excludedPaths: [{ path: '/*' }] },
  }));
}
