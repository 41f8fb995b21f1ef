import type { Catalog } from './catalog.ts';

/** A container to have at start. */
export interface ContainerSpec {
  id: string;
  /** `/pk` without one. */
  partitionKeyPath?: string;
  /** -1: documents expire by their own `ttl`; seconds: all do by this one; left out: none do. */
  defaultTtl?: number;
  /** As Bicep has it: `includedPaths`, `excludedPaths`, `compositeIndexes`. */
  indexingPolicy?: object;
  vectorEmbeddingPolicy?: object;
}

/** Creates what is absent; a container that is already there keeps its documents and takes the definition of the spec. */
export function createContainers(catalog: Catalog, options: { database?: string; containers?: readonly ContainerSpec[] }): void {
  const { database = 'keepsake', containers = [] } = options;
  if (!catalog.databases().includes(database)) catalog.createDatabase(database);
  for (const { id, partitionKeyPath = '/pk', ...settings } of containers) {
    const definition = { id, partitionKey: { paths: [partitionKeyPath], kind: 'Hash', version: 2 }, ...settings };
    const existing = catalog.containers(database).find((container) => container.id === id);
    if (existing === undefined) catalog.createContainer(database, definition);
    else catalog.replaceContainer(existing, definition);
  }
}
