import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Entry, Keyspace } from './keyspace.ts';
import { SortedSet } from './sorted-set.ts';

const FORMAT = 'keepsake-redis-1';

/** A key as it is written; collections become lists of texts. `expiresAt` is ms of Unix time. */
interface SavedKey {
  key: string;
  kind: Entry['kind'];
  value: string | string[] | [string, string][];
  expiresAt?: number;
}
interface SavedState {
  format: typeof FORMAT;
  databases: SavedKey[][];
}

/** Fills the databases from the file, if there is one. Throws when the file is not a snapshot: better than starting without saying so. */
export function loadSnapshot(file: string, databases: readonly Keyspace[]): void {
  if (!existsSync(file)) return;
  const state = parse(readFileSync(file, 'utf8'), file);
  for (const [index, keys] of state.databases.entries()) {
    for (const saved of keys) databases[index]?.put(saved.key, entryOf(saved));
  }
}

function parse(text: string, file: string): SavedState {
  let state: Partial<SavedState> | undefined;
  try {
    state = JSON.parse(text) as Partial<SavedState>;
  } catch {
    state = undefined;
  }
  if (state?.format !== FORMAT || !Array.isArray(state.databases)) {
    throw new Error(`${file} is not a snapshot of the Redis stand-in (${FORMAT}); delete it to start empty`);
  }
  return { format: FORMAT, databases: state.databases };
}

/** Writes all keys; the file is replaced in one step, so a crash leaves the old or the new one whole. */
export async function saveSnapshot(file: string, databases: readonly Keyspace[]): Promise<void> {
  const state: SavedState = { format: FORMAT, databases: databases.map(savedKeys) };
  const unfinished = `${file}.${process.pid}.tmp`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(unfinished, JSON.stringify(state));
  await rename(unfinished, file);
}

function savedKeys(db: Keyspace): SavedKey[] {
  return db.keys().flatMap((key) => {
    const entry = db.find(key);
    return entry === undefined ? [] : [{ key, kind: entry.kind, value: plain(entry), expiresAt: entry.expiresAt }];
  });
}

function plain(entry: Entry): SavedKey['value'] {
  switch (entry.kind) {
    case 'string':
    case 'list':
      return entry.value;
    case 'zset':
      return entry.value.ordered().map(([member, score]): [string, string] => [member, String(score)]);
    case 'hash':
      return [...entry.value];
    case 'set':
      return [...entry.value];
  }
}

function entryOf({ kind, value, expiresAt }: SavedKey): Entry {
  switch (kind) {
    case 'string':
      return { kind, value: value as string, expiresAt };
    case 'list':
      return { kind, value: value as string[], expiresAt };
    case 'set':
      return { kind, value: new Set(value as string[]), expiresAt };
    case 'hash':
      return { kind, value: new Map(value as [string, string][]), expiresAt };
    case 'zset': {
      const members = new SortedSet();
      for (const [member, score] of value as [string, string][]) members.set(member, Number(score));
      return { kind, value: members, expiresAt };
    }
  }
}

/** Loads the snapshot, then writes it whenever something changed, at most every so many ms, and a last time at `stop`. */
export function keepSnapshot(databases: readonly Keyspace[], { file, everyMs }: { file: string; everyMs: number }) {
  loadSnapshot(file, databases);
  const revision = () => databases.reduce((sum, db) => sum + db.revision, 0);
  let saved = revision();
  let writing = Promise.resolve();

  async function saveIfChanged(): Promise<void> {
    const current = revision();
    if (current === saved) return;
    await saveSnapshot(file, databases);
    saved = current;
  }

  const timer = setInterval(() => {
    writing = writing.then(saveIfChanged).catch((error: unknown) => {
      process.emitWarning(`the Redis stand-in could not write ${file}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }, everyMs).unref();

  return {
    async stop(): Promise<void> {
      clearInterval(timer);
      await writing;
      await saveIfChanged();
    },
  };
}
