import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BuildOptions } from 'esbuild';

const REPOSITORY = join(import.meta.dirname, '..');
const TSC = 'node_modules/typescript/bin/tsc';

/** What package.json exports as `keepsake/client` and `keepsake/items`. */
export const CLIENT = 'dist/client/index.js';
export const ITEMS = 'dist/items/index.js';

/**
 * The client: one ES module for Node and browsers. Answers its size in bytes. Rejects with the compiler's message, and when it imports
 * anything of Node's, which a browser does not have.
 */
export const buildClient = (): Promise<number> =>
  buildExport('src/lib/client/client.ts', CLIENT, { types: 'tsconfig.client.json', platform: 'browser', target: 'es2022' });

/** Items in the caller's own process: one ES module for Node, beside the packages that this one depends on. */
export const buildItems = (): Promise<number> =>
  buildExport('src/lib/embedded/memory.ts', ITEMS, {
    types: 'tsconfig.items.json',
    platform: 'node',
    target: 'node22',
    packages: 'external',
  });

async function buildExport(source: string, outfile: string, { types, ...options }: BuildOptions & { types: string }): Promise<number> {
  const esbuild = await import('esbuild');
  await esbuild.build({
    absWorkingDir: REPOSITORY,
    entryPoints: [source],
    outfile,
    bundle: true,
    format: 'esm',
    logLevel: 'silent',
    ...options,
  });
  await promisify(execFile)(process.execPath, [TSC, '-p', types], { cwd: REPOSITORY }).catch((error: Error & { stdout?: string }) => {
    throw new Error(error.stdout || error.message);
  });
  return statSync(join(REPOSITORY, outfile)).size;
}
