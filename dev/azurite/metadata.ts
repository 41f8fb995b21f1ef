import { DatabaseSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';

interface LokiDocument {
  $loki?: number;
  meta?: unknown;
}

interface LokiCollection {
  maxId: number;
  insert: (document: LokiDocument) => unknown;
  on: (event: 'insert' | 'update' | 'delete', listener: (document: LokiDocument) => void) => unknown;
}

/** The part of a LokiJS database that Azurite's metadata stores use. */
export interface LokiDatabase {
  autosave: boolean;
  autosaveDisable: () => void;
  saveDatabase: (done?: (error: Error | null) => void) => void;
  addCollection: (name: string, options?: object) => LokiCollection;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS documents (collection TEXT, id INTEGER, body BLOB, PRIMARY KEY (collection, id)) WITHOUT ROWID`;

/**
 * A file that holds the documents of Azurite's LokiJS databases. Each change is committed in the turn of the event loop
 * that made it, hence before the answer to the request that caused it; a killed process loses nothing it acknowledged.
 */
export function openMetadata(file: string) {
  const sqlite = new DatabaseSync(file);
  sqlite.exec(SCHEMA);
  const put = sqlite.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?)');
  const remove = sqlite.prepare('DELETE FROM documents WHERE collection = ? AND id = ?');
  const stored = sqlite.prepare('SELECT id, body FROM documents WHERE collection = ? ORDER BY id');

  const commit = () => {
    if (sqlite.isTransaction) sqlite.exec('COMMIT');
  };

  /** Replacing a blob is a removal and an insertion: changes of one turn are one transaction. */
  const begin = () => {
    if (sqlite.isTransaction) return;
    sqlite.exec('BEGIN');
    queueMicrotask(commit);
  };

  const restore = (collection: LokiCollection, key: string) => {
    for (const { id, body } of stored.all(key)) {
      const { $loki, meta, ...document } = deserialize(body as Uint8Array) as LokiDocument;
      collection.maxId = Number(id) - 1; // the next insert takes the id the document had: list markers stay valid
      collection.insert(document);
    }
  };

  const follow = (collection: LokiCollection, key: string) => {
    const save = (document: LokiDocument) => {
      begin();
      put.run(key, Number(document.$loki), serialize(document));
    };
    collection.on('insert', save);
    collection.on('update', save);
    collection.on('delete', (document) => {
      begin();
      remove.run(key, Number(document.$loki));
    });
  };

  return {
    /** Takes over the persistence of one database; call it before the store that owns the database is initialised. */
    keep(database: LokiDatabase, name: string) {
      const addCollection = database.addCollection.bind(database);
      database.autosaveDisable();
      database.autosave = false;
      database.saveDatabase = (done) => done?.(null);
      database.addCollection = (collectionName, options) => {
        const collection = addCollection(collectionName, options);
        const key = `${name}/${collectionName}`;
        restore(collection, key);
        follow(collection, key);
        return collection;
      };
    },

    close() {
      commit();
      sqlite.close();
    },
  };
}
