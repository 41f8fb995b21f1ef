import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The paths that each container indexes, as Bicep reads them too: `/*` would make every write pay for every word of a message. */
const INDEXES = join(import.meta.dirname, '../../infra/cosmos-indexes.json');
/** The lengths of vectors that a container has a path for: `/v1536` holds those of 1536 dimensions. */
const VECTORS = join(import.meta.dirname, '../../infra/cosmos-vectors.json');
const OWN_TTL = -1; // documents expire by their own `ttl` and by nothing else

/** The Cosmos DB containers of the service, as the Bicep creates them in Azure. `prefix` is the setting COSMOS_CONTAINER. */
export function cosmosContainers(prefix?: string) {
  const indexes = read<string[]>(INDEXES);
  const vectors = read<number[]>(VECTORS);
  return Object.entries(indexes).map(([name, paths]) => {
    const embeddings = (vectors[name] ?? []).map((dimensions) => ({ ...VECTOR, path: `/v${dimensions}`, dimensions }));
    return {
      id: prefix ? `${prefix}-${name}` : name,
      partitionKeyPath: '/pk',
      defaultTtl: OWN_TTL,
      indexingPolicy: {
        includedPaths: paths.map((path) => ({ path })),
        excludedPaths: [{ path: '/*' }],
        vectorIndexes: embeddings.map(({ path }) => ({ path, type: 'quantizedFlat' })), // the choice for up to 50,000 vectors in a search
      },
      vectorEmbeddingPolicy: { vectorEmbeddings: embeddings },
    };
  });
}

const VECTOR = { dataType: 'float32', distanceFunction: 'cosine' };
const read = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, T>;
