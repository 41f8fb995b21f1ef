import { type Answer, json } from './answer.ts';
import type { Catalog, Container } from './catalog.ts';
import { badRequest, notSupported } from './errors.ts';
import type { CosmosRequest } from './request.ts';

const NO_CONTENT: Answer = { status: 204 };

function unexpected({ method, segments }: CosmosRequest): Error {
  return badRequest(`The local Cosmos stand-in has no ${method} /${segments.join('/')}.`);
}

function bodyOf(request: CosmosRequest): Record<string, unknown> {
  const { body } = request;
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw badRequest('The request needs a JSON object as its body.');
}

const databaseResource = (id: string): object => ({
  id,
  _rid: id,
  _self: `dbs/${id}/`,
  _etag: '"0"',
  _colls: 'colls/',
  _users: 'users/',
  _ts: 0,
});

function containerResource({ definition, rid, database, id }: Container): object {
  return { ...definition, _rid: String(rid), _self: `dbs/${database}/colls/${id}/`, _etag: '"0"', _docs: 'docs/', _ts: 0 };
}

/** What the account answers about itself: one region, readable and writable, with this default consistency. */
export function accountResource(endpoint: string, consistency: string): object {
  const location = { name: 'Local', databaseAccountEndpoint: `${endpoint}/` };
  return {
    id: 'local',
    _rid: 'local',
    _self: '',
    _dbs: '//dbs/',
    media: '//media/',
    addresses: '//addresses/',
    writableLocations: [location],
    readableLocations: [location],
    enableMultipleWriteLocations: false,
    userConsistencyPolicy: { defaultConsistencyLevel: consistency },
    userReplicationPolicy: { asyncReplication: false, minReplicaSetSize: 1, maxReplicasetSize: 4 },
    queryEngineConfiguration: '{}',
  };
}

/** `/dbs` and `/dbs/{id}`. */
export function routeDatabases(catalog: Catalog, request: CosmosRequest): Answer {
  const { method, database } = request;
  if (database === undefined) {
    if (method === 'GET') {
      const databases = catalog.databases().map(databaseResource);
      return json(200, { _rid: '', Databases: databases, _count: databases.length });
    }
    if (method !== 'POST') throw unexpected(request);
    if (request.headers['x-ms-documentdb-isquery'] !== undefined) throw notSupported('A query over databases');
    const id = String(bodyOf(request).id);
    catalog.createDatabase(id);
    return json(201, databaseResource(id));
  }
  catalog.needDatabase(database);
  if (method === 'GET') return json(200, databaseResource(database));
  if (method !== 'DELETE') throw unexpected(request);
  catalog.dropDatabase(database);
  return NO_CONTENT;
}

/** `/dbs/{id}/colls` and `/dbs/{id}/colls/{id}`. */
export function routeContainers(catalog: Catalog, request: CosmosRequest): Answer {
  const { method, database = '', container: id } = request;
  if (id === undefined) {
    if (method === 'GET') {
      const containers = catalog.containers(database).map(containerResource);
      return json(200, { _rid: database, DocumentCollections: containers, _count: containers.length });
    }
    if (method !== 'POST') throw unexpected(request);
    if (request.headers['x-ms-documentdb-isquery'] !== undefined) throw notSupported('A query over containers');
    return json(201, containerResource(catalog.createContainer(database, bodyOf(request))));
  }
  const container = catalog.container(database, id);
  if (method === 'GET') return json(200, containerResource(container));
  if (method === 'PUT') return json(200, containerResource(catalog.replaceContainer(container, bodyOf(request))));
  if (method !== 'DELETE') throw unexpected(request);
  catalog.dropContainer(container);
  return NO_CONTENT;
}

/** `/dbs/{id}/colls/{id}/pkranges`: the one physical partition there is. */
export function partitionRanges(container: Container): Answer {
  const range = { id: '0', _rid: 'range0', minInclusive: '', maxExclusive: 'FF', status: 'online', parents: [], throughputFraction: 1 };
  return { ...json(200, { _rid: String(container.rid), PartitionKeyRanges: [range], _count: 1 }), headers: { etag: '"1"' } };
}
