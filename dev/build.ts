import { existsSync, globSync, statSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, BuildResult, Metafile, Plugin } from 'esbuild';
import { buildClient, buildItems, CLIENT, ITEMS } from './build-package.ts';

const REPOSITORY = join(fileURLToPath(import.meta.url), '..', '..');
const BUNDLE = 'dist/functions/app.cjs';
const SIZES_SHOWN = 12;

interface Build {
  /** The repository: the folder with `src/functions`. */
  root?: string;
  /** Stay and build again on every change of a source. */
  watch?: boolean;
  /** Called after each build that follows the first, with the errors esbuild found. */
  onRebuild?: (errors: string[]) => void;
}

/**
 * Bundles every file of `src/functions` into one CommonJS file, the one that package.json's `main` names. One bundle,
 * because a file per function would give each function its own copy of the shared clients. Does nothing when no source
 * is newer than the bundle. Rejects with esbuild's message when a source does not compile.
 */
export async function build({ root = REPOSITORY, watch = false, onRebuild }: Build = {}) {
  const warm = isFresh(root);
  if (warm && !watch) return { warm, stop: async () => {} };
  const esbuild = await import('esbuild'); // 30 ms that a warm start does not need
  if (!watch) {
    const { metafile } = await esbuild.build(options(root, [writeWhole()]));
    return { warm, metafile, stop: async () => {} };
  }
  const context = await esbuild.context(options(root, [writeWhole(), report(onRebuild)]));
  if (!warm) await context.rebuild();
  await context.watch();
  return { warm, stop: () => context.dispose() };
}

/** Folders count too: a deleted source changes only its folder. */
function isFresh(root: string): boolean {
  const bundle = join(root, BUNDLE);
  if (!existsSync(bundle)) return false;
  const built = statSync(bundle).mtimeMs;
  const sources = ['src', 'package-lock.json', fileURLToPath(import.meta.url), ...globSync('src/**', { cwd: root })];
  return sources.every((path) => (statSync(resolve(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0) < built);
}

const options = (root: string, plugins: Plugin[]) =>
  ({
    absWorkingDir: root,
    entryPoints: [{ in: 'keepsake:functions', out: BUNDLE.replace('.cjs', '') }],
    outdir: '.',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    external: ['@azure/functions-core'], // supplied by the host
    sourcemap: 'linked',
    metafile: true,
    write: false,
    logLevel: 'silent',
    plugins: [allFunctions(root), ...plugins],
  }) satisfies BuildOptions;

/** The entry point: a module in memory that imports every file of `src/functions`, also those added while watching. */
function allFunctions(root: string): Plugin {
  const folder = join(root, 'src/functions');
  return {
    name: 'all-functions',
    setup(setup) {
      setup.onResolve({ filter: /^keepsake:functions$/ }, ({ path }) => ({ path, namespace: 'keepsake' }));
      setup.onLoad({ filter: /.*/, namespace: 'keepsake' }, () => ({
        contents: globSync('*.ts', { cwd: folder })
          .sort()
          .map((file) => `import ${JSON.stringify(`./${file}`)};`)
          .join('\n'),
        resolveDir: folder,
        watchDirs: [folder],
      }));
    },
  };
}

/** Writes each output beside its place and renames it: an app that starts meanwhile never reads half a bundle. */
function writeWhole(): Plugin {
  return {
    name: 'write-whole',
    setup(setup) {
      setup.onEnd(async ({ outputFiles = [] }) => {
        for (const { path, contents } of outputFiles.toReversed()) {
          const part = `${path}.${process.pid}`;
          await mkdir(dirname(path), { recursive: true });
          await writeFile(part, contents);
          await rename(part, path);
        }
      });
    },
  };
}

function report(onRebuild: Build['onRebuild']): Plugin {
  let first = true;
  return {
    name: 'report',
    setup(setup) {
      setup.onEnd(({ errors }: BuildResult) => {
        const messages = errors.map(({ text, location }) => `${location?.file}:${location?.line}: ${text}`);
        if (!first) onRebuild?.(messages);
        first = false;
      });
    },
  };
}

/** One screen: the size of the bundle and what it is made of. */
function sizes(metafile: Metafile): string {
  const output = metafile.outputs[BUNDLE];
  const parts = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const part = path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? 'keepsake';
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  const rows = [...parts].sort(([, a], [, b]) => b - a);
  const shown = rows.slice(0, SIZES_SHOWN).map(([part, bytes]) => `  ${kilobytes(bytes)}  ${part}`);
  const rest = rows.slice(SIZES_SHOWN);
  if (rest.length > 0) shown.push(`  ${kilobytes(rest.reduce((sum, [, bytes]) => sum + bytes, 0))}  ${rest.length} others`);
  return [`${BUNDLE}: ${kilobytes(output?.bytes ?? 0).trim()}`, ...shown].join('\n');
}

const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(0).padStart(6)} kB`;

if (import.meta.main) {
  const { metafile } = await build();
  console.log(metafile ? sizes(metafile) : `${BUNDLE} is up to date`);
  console.log(`${CLIENT}: ${kilobytes(await buildClient()).trim()}`);
  console.log(`${ITEMS}: ${kilobytes(await buildItems()).trim()}`);
}
