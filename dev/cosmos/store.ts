import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type ScanRange, scanStatement } from './scan.ts';

/** A document at rest. `partition` is the JSON array of its partition key values, `text` its final JSON. */
export interface StoredItem {
  partition: string;
  id: string;
  text: string;
  etag: string;
  /** `_ts`, in seconds. */
  ts: number;
  ttl: number | null;
  /** Order of the last change over all containers. */
  lsn: number;
}

export interface StoredContainer {
  rid: number;
  database: string;
  id: string;
  text: string;
}

/** When documents of a container count as expired: never without `defaultTtl`. `now` is in seconds. */
export interface Freshness {
  defaultTtl: number | undefined;
  now: number;
}

interface IdBounds {
  idFrom?: string;
  idTo?: string;
}

export interface Store {
  databases(): string[];
  addDatabase(id: string): void;
  dropDatabase(id: string): void;
  containers(): StoredContainer[];
  /** Adds or updates a container's definition and returns its number. */
  putContainer(container: Omit<StoredContainer, 'rid'>): number;
  dropContainer(rid: number): void;
  get(container: number, key: { partition: string; id: string }): StoredItem | undefined;
  put(container: number, item: Omit<StoredItem, 'lsn'>): void;
  remove(container: number, key: { partition: string; id: string }): void;
  removePartition(container: number, partition: string): void;
  /** Items in (partition, id) order, read lazily: stop iterating and the rest is never read. */
  scan(container: number, range: ScanRange): Iterable<StoredItem>;
  /** The ids of one partition whose last change lies in a time (`ts`, seconds, inclusive), at most `limit`; read from the index alone. */
  changedIds(container: number, range: { partition: string; tsFrom?: number; tsTo?: number; limit: number } & IdBounds): string[];
  /** Items changed since, in order of their last change; read lazily. */
  changes(container: number, since: number): Iterable<StoredItem>;
  /** Deletes what has expired; returns how many. */
  prune(container: number, fresh: Freshness): number;
  lsn(): number;
  /** Runs `work` in one transaction: all of it is kept, or nothing when it throws. */
  atomically<T>(work: () => T): T;
  close(): void;
}

// WAL with synchronous=NORMAL survives the death of the process; only a power cut may lose the last commits.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 2000;
  CREATE TABLE IF NOT EXISTS databases (id TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS containers (
    rid INTEGER PRIMARY KEY AUTOINCREMENT, database TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (database, id));
  CREATE TABLE IF NOT EXISTS items (
    container INTEGER NOT NULL, partition TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, etag TEXT NOT NULL,
    ts INTEGER NOT NULL, ttl INTEGER, lsn INTEGER NOT NULL, PRIMARY KEY (container, partition, id)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS changes ON items (container, lsn);
  CREATE INDEX IF NOT EXISTS times ON items (container, partition, ts, id);
  CREATE INDEX IF NOT EXISTS expiries ON items (container, ts) WHERE ttl > 0;
`;

const LAST_ID = '\u{10ffff}'; // the last code point, which no character has

const ITEM = 'partition, id, text, etag, ts, ttl, lsn';

/** Opens the store in a file (created if absent) or, without one, in memory. */
export function openStore(file?: string): Store {
  const db = new DatabaseSync(file ?? ':memory:');
  db.exec(SCHEMA);
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, known);
    return known;
  };
  const rows = <T>(sql: string, ...values: (string | number | null)[]): T[] => statement(sql).all(...values) as T[];
  const row = <T>(sql: string, ...values: (string | number | null)[]): T | undefined => statement(sql).get(...values) as T | undefined;
  const run = (sql: string, ...values: (string | number | null)[]): number => Number(statement(sql).run(...values).changes);

  let lsn = row<{ lsn: number }>('SELECT coalesce(max(lsn), 0) AS lsn FROM items')?.lsn ?? 0;
  let depth = 0;

  function atomically<T>(work: () => T): T {
    if (depth > 0) return work();
    db.exec('BEGIN IMMEDIATE');
    depth += 1;
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    } finally {
      depth -= 1;
    }
  }

  const dropContainer = (rid: number): void =>
    atomically(() => {
      run('DELETE FROM items WHERE container = ?', rid);
      run('DELETE FROM containers WHERE rid = ?', rid);
    });

  return {
    atomically,
    dropContainer,
    close: () => db.close(),
    lsn: () => lsn,
    databases: () => rows<{ id: string }>('SELECT id FROM databases ORDER BY id').map(({ id }) => id),
    addDatabase: (id) => {
      run('INSERT INTO databases (id) VALUES (?)', id);
    },
    dropDatabase: (id) =>
      atomically(() => {
        for (const { rid } of rows<StoredContainer>('SELECT rid FROM containers WHERE database = ?', id)) dropContainer(rid);
        run('DELETE FROM databases WHERE id = ?', id);
      }),
    containers: () => rows<StoredContainer>('SELECT rid, database, id, text FROM containers ORDER BY rid'),
    putContainer({ database, id, text }) {
      run(
        'INSERT INTO containers (database, id, text) VALUES (?, ?, ?) ON CONFLICT (database, id) DO UPDATE SET text = excluded.text',
        database,
        id,
        text,
      );
      const stored = row<{ rid: number }>('SELECT rid FROM containers WHERE database = ? AND id = ?', database, id);
      return stored?.rid ?? 0;
    },
    get: (container, { partition, id }) =>
      row<StoredItem>(`SELECT ${ITEM} FROM items WHERE container = ? AND partition = ? AND id = ?`, container, partition, id),
    put(container, { partition, id, text, etag, ts, ttl }) {
      lsn += 1;
      run(
        `INSERT OR REPLACE INTO items (container, ${ITEM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        container,
        partition,
        id,
        text,
        etag,
        ts,
        ttl,
        lsn,
      );
    },
    remove: (container, { partition, id }) => {
      run('DELETE FROM items WHERE container = ? AND partition = ? AND id = ?', container, partition, id);
    },
    removePartition: (container, partition) => {
      run('DELETE FROM items WHERE container = ? AND partition = ?', container, partition);
    },
    scan(container, range) {
      const { where, values } = scanStatement(range);
      const sql = `SELECT ${ITEM} FROM items WHERE container = ?${where} ORDER BY partition, id`;
      return statement(sql).iterate(container, ...values) as Iterable<unknown> as Iterable<StoredItem>;
    },
    changedIds(container, { partition, tsFrom = 0, tsTo = Number.MAX_SAFE_INTEGER, idFrom = '', idTo = LAST_ID, limit }) {
      const sql =
        'SELECT id FROM items INDEXED BY times WHERE container = ? AND partition = ? AND ts >= ? AND ts <= ? AND id >= ? AND id <= ? LIMIT ?';
      return rows<{ id: string }>(sql, container, partition, tsFrom, tsTo, idFrom, idTo, limit).map(({ id }) => id);
    },
    changes: (container, since) => {
      const sql = `SELECT ${ITEM} FROM items WHERE container = ? AND lsn > ? ORDER BY lsn`;
      return statement(sql).iterate(container, since) as Iterable<unknown> as Iterable<StoredItem>;
    },
    prune(container, { defaultTtl, now }) {
      if (defaultTtl === undefined) return 0;
      const own = run('DELETE FROM items WHERE container = ? AND ttl > 0 AND ts + ttl <= ?', container, now);
      if (defaultTtl < 0) return own;
      return own + run('DELETE FROM items WHERE container = ? AND ttl IS NULL AND ts <= ?', container, now - defaultTtl);
    },
  };
}
