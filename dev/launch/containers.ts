const NAMES = ['memory', 'directory', 'ops', 'items'];
const OWN_TTL = -1; // documents expire by their own `ttl` and by nothing else

/** The Cosmos DB containers of the service, as the Bicep creates them in Azure. `prefix` is the setting COSMOS_CONTAINER. */
export function cosmosContainers(prefix?: string) {
  return NAMES.map((name) => ({ id: prefix ? `${prefix}-${name}` : name, partitionKeyPath: '/pk', defaultTtl: OWN_TTL }));
}
