import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { readJsonFile } from './json-file.ts';

const PackageJson = z.object({ main: z.string().optional(), type: z.string().optional() });

/**
 * Loads every file that package.json `main`, a glob, names. Throws the first error with the file's name in front: one
 * file that does not load means no function at all.
 */
export async function loadEntryPoints(root: string): Promise<void> {
  const { main, type } = PackageJson.parse(readJsonFile(root, 'package.json') ?? {});
  const files = main ? globSync(main, { cwd: root }).sort() : [];
  if (files.length === 0) {
    throw new Error(`Worker was unable to load entry point "${main ?? ''}": Found zero files matching the supplied pattern`);
  }
  const load = createRequire(join(root, 'package.json'));
  for (const file of files) {
    const path = join(root, file);
    const isModule = file.endsWith('.mjs') || (type === 'module' && !file.endsWith('.cjs'));
    try {
      if (isModule) await import(pathToFileURL(path).href);
      else load(path);
    } catch (error) {
      throw new Error(`Worker was unable to load entry point "${file}": ${describe(error)}`, { cause: error });
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
