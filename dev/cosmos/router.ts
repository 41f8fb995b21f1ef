import { type Answer, json } from './answer.ts';
import type { Catalog } from './catalog.ts';
import { badRequest, notSupported } from './errors.ts';
import { routeItems } from './item-routes.ts';
import type { CosmosRequest } from './request.ts';
import { accountResource, partitionRanges, routeContainers, routeDatabases } from './resource-routes.ts';
import type { Store } from './store.ts';

/** What the router needs. `now` is in milliseconds. */
export interface RouterContext {
  store: Store;
  catalog: Catalog;
  endpoint: string;
  consistency: string;
  now: number;
}

const REFUSED: Record<string, string> = {
  clientencryptionkeys: 'Client-side encryption keys',
  conflicts: 'The conflicts feed',
  offers: 'Throughput offers',
  permissions: 'Permissions and resource tokens',
  sprocs: 'Stored procedures',
  triggers: 'Triggers',
  udfs: 'User-defined functions',
  users: 'Users',
};

function refuse(segments: readonly string[]): Error {
  const resource = segments.findLast((segment, index) => index % 2 === 0 && REFUSED[segment] !== undefined);
  if (resource !== undefined) return notSupported(REFUSED[resource] ?? resource);
  return badRequest(`The local Cosmos stand-in has no route /${segments.join('/')}.`);
}

/** Runs one request to its answer, without waiting for anything. Throws a CosmosError for what is refused. */
export function route(context: RouterContext, request: CosmosRequest): Answer {
  const { store, catalog, now } = context;
  const { segments, database = '', container } = request;
  if (segments.length === 0) return json(200, accountResource(context.endpoint, context.consistency));
  if (segments[0] !== 'dbs') throw refuse(segments);
  if (segments.length <= 2) return routeDatabases(catalog, request);
  if (segments[2] !== 'colls') throw refuse(segments);
  if (segments.length <= 4 || container === undefined) return routeContainers(catalog, request);
  const found = catalog.container(database, container);
  if (segments[4] === 'pkranges') return partitionRanges(found);
  if (segments[4] !== 'docs' && segments[4] !== 'operations') throw refuse(segments);
  return routeItems({ store, container: found, now }, request);
}
