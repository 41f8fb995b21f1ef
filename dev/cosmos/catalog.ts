import { type ContainerDefinition, parseDefinition } from './container-definition.ts';
import { badRequest, conflict, notFound } from './errors.ts';
import type { Store } from './store.ts';
import { checkVectorChange } from './vector-policy.ts';

export interface Container {
  readonly rid: number;
  readonly database: string;
  readonly id: string;
  readonly definition: ContainerDefinition;
}

/** The databases and containers that exist, kept in memory and in the store. */
export interface Catalog {
  databases(): string[];
  createDatabase(id: string): void;
  dropDatabase(id: string): void;
  /** Throws 404 when there is no such database. */
  needDatabase(id: string): void;
  containers(database: string): Container[];
  /** Throws 404 with sub-status 1003 when there is no such container. */
  container(database: string, id: string): Container;
  createContainer(database: string, definition: unknown): Container;
  replaceContainer(container: Container, definition: unknown): Container;
  dropContainer(container: Container): void;
}

const OWNER_MISSING = 1003;

function resourceId(id: unknown): string {
  if (typeof id === 'string' && /^[^/\\#?]{1,255}$/.test(id) && !id.endsWith(' ')) return id;
  throw badRequest(`The id ${JSON.stringify(id)} is invalid: 1 to 255 characters without / \\ # ? and no space at the end.`);
}

/** Loads what the store holds. */
export function openCatalog(store: Store): Catalog {
  const databases = new Map<string, Map<string, Container>>(store.databases().map((id) => [id, new Map()]));
  for (const { rid, database, id, text } of store.containers()) {
    databases.get(database)?.set(id, { rid, database, id, definition: parseDefinition(JSON.parse(text)) });
  }

  const containersOf = (database: string): Map<string, Container> => {
    const containers = databases.get(database);
    if (containers === undefined) throw notFound('Owner resource does not exist.', OWNER_MISSING);
    return containers;
  };

  const save = (database: string, definition: ContainerDefinition): Container => {
    const { id } = definition;
    const rid = store.putContainer({ database, id, text: JSON.stringify(definition) });
    const container = { rid, database, id, definition };
    containersOf(database).set(id, container);
    return container;
  };

  return {
    databases: () => [...databases.keys()],
    createDatabase(id) {
      const name = resourceId(id);
      if (databases.has(name)) throw conflict();
      store.addDatabase(name);
      databases.set(name, new Map());
    },
    dropDatabase(id) {
      containersOf(id);
      store.dropDatabase(id);
      databases.delete(id);
    },
    needDatabase(id) {
      if (!databases.has(id)) throw notFound();
    },
    containers: (database) => [...containersOf(database).values()],
    container(database, id) {
      const found = containersOf(database).get(id);
      if (found === undefined) throw notFound('Owner resource does not exist.', OWNER_MISSING);
      return found;
    },
    createContainer(database, body) {
      const definition = parseDefinition(body);
      resourceId(definition.id);
      if (containersOf(database).has(definition.id)) throw conflict();
      return save(database, definition);
    },
    replaceContainer(container, body) {
      const definition = parseDefinition(body);
      const samePaths = JSON.stringify(definition.partitionKey.paths) === JSON.stringify(container.definition.partitionKey.paths);
      if (definition.id !== container.id || !samePaths) throw badRequest('The id and the partition key of a container cannot be changed.');
      const [before, after] = [container.definition, definition].map((one) => one.vectorEmbeddingPolicy?.vectorEmbeddings ?? []);
      checkVectorChange(before ?? [], after ?? []);
      return save(container.database, definition);
    },
    dropContainer(container) {
      store.dropContainer(container.rid);
      containersOf(container.database).delete(container.id);
    },
  };
}
