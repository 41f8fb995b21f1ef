import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const REPOSITORY = join(import.meta.dirname, '..');
const TSC = 'node_modules/typescript/bin/tsc';

/** The client that package.json exports as `keepsake/client`: one ES module for Node and browsers, and its declarations. */
export const CLIENT = 'dist/client/index.js';
export const CLIENT_TYPES = 'dist/client/types';

/**
 * Bundles the client and writes its declarations; answers the bundle's size in bytes. Rejects with the compiler's message, and when
 * the client imports anything of Node's, which a browser does not have.
 */
export async function buildClient(): Promise<number> {
  const esbuild = await import('esbuild');
  await esbuild.build({
    absWorkingDir: REPOSITORY,
    entryPoints: ['src/lib/client/client.ts'],
    outfile: CLIENT,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  await promisify(execFile)(process.execPath, [TSC, '-p', 'tsconfig.client.json'], { cwd: REPOSITORY }).catch(
    (error: Error & { stdout?: string }) => {
      throw new Error(error.stdout || error.message);
    },
  );
  return statSync(join(REPOSITORY, CLIENT)).size;
}
