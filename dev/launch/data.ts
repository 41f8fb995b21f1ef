import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LaunchError } from './error.ts';

const MARKER = 'keepsake-data.json';
const LOCK = 'lock.db';
const OWNER = 'lock.pid';

/** The directory where the stand-ins keep their data, ours until released. */
export interface DataDirectory {
  directory: string;
  path: (name: string) => string;
  release: () => void;
}

/**
 * Takes a data directory, creating it when it is not there. Throws a LaunchError when another launcher has it, or when
 * it is a directory of something else: it is never filled, let alone deleted.
 */
export function takeData(name: string, { reset = false }: { reset?: boolean } = {}): DataDirectory {
  const directory = resolve(name);
  const path = (entry: string) => join(directory, entry);
  const entries = existsSync(directory) ? readdirSync(directory) : [];
  if (entries.length > 0 && !entries.includes(MARKER)) {
    throw new LaunchError(`${directory} is not a Keepsake data directory (it has no ${MARKER}). Choose another with --data.`);
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(path(MARKER), '{ "about": "Data of a local Keepsake; npm start -- --reset deletes it" }\n');
  const unlock = lock(path);
  if (reset) {
    const kept = [MARKER, LOCK, OWNER];
    for (const entry of readdirSync(directory)) if (!kept.includes(entry)) rmSync(path(entry), { recursive: true });
  }
  return { directory, path, release: unlock };
}

/** The lock is SQLite's own on a file: the system drops it with the process, so there is no stale one to judge by its pid. */
function lock(path: DataDirectory['path']): () => void {
  const database = new DatabaseSync(path(LOCK));
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch {
    database.close();
    const owner = existsSync(path(OWNER)) ? readFileSync(path(OWNER), 'utf8').trim() : 'unknown';
    throw new LaunchError(
      `The data in ${path('.')} is in use by another Keepsake (process ${owner}). Stop that one first, or choose another directory with --data.`,
    );
  }
  writeFileSync(path(OWNER), `${process.pid}\n`);
  return () => {
    rmSync(path(OWNER), { force: true });
    database.close();
  };
}
