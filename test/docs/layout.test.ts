import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const MOST_LINES = 300;
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)['"]([^'"]+)['"]/g;

/** Every source file, by its path from the root with `/`, and its text. */
const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => ({
  path: file.replaceAll('\\', '/'),
  text: readFileSync(join(ROOT, file), 'utf8'),
}));

/** What a source imports: packages by name, files by their path from the root. */
function importsOf({ path, text }: { path: string; text: string }): string[] {
  const resolved = (target: string) => relative(ROOT, join(ROOT, dirname(path), target)).replaceAll('\\', '/');
  return [...text.matchAll(IMPORT)].map(([, target = '']) => (target.startsWith('.') ? resolved(target) : target));
}

/** `importer -> imported` for each import from one place that leads to another. */
function imports({ from, to }: { from: RegExp; to: RegExp }): string[] {
  return sources
    .filter(({ path }) => from.test(path))
    .flatMap((source) =>
      importsOf(source)
        .filter((target) => to.test(target))
        .map((target) => `${source.path} -> ${target}`),
    );
}

test('the sources are read and their imports found', () => {
  expect(imports({ from: /^src\/functions\/memory\.http\.ts$/, to: /./ })).toContain('src/functions/memory.http.ts -> src/lib/http.ts');
  expect(imports({ from: /^src\/lib\/memory\//, to: /^src\/lib\/tiers\// }).length).toBeGreaterThan(0);
});

test.each([
  ['the service knows nothing of what stands in for Azure', /^src\//, /^(dev|test|bench|examples)\//],
  ['a tier knows nothing of what is remembered in it', /^src\/lib\/tiers\//, /^src\/lib\/memory\//],
  ['nothing but a function knows a function', /^src\/lib\//, /^src\/functions\//],
  ['a connection knows no tier', /^src\/lib\/connect\//, /^src\/lib\/(tiers|memory)\//],
  [
    'the client knows what the service takes and answers, and nothing of how',
    /^src\/lib\/client\//,
    /^(?!src\/lib\/(client\/|model|requests|errors\.ts)|zod$)/,
  ],
  [
    'items in another process need nothing of the service but items',
    /^src\/lib\/embedded\//,
    /^src\/lib\/(http|services|caller|queue|timer)\.ts|^src\/lib\/llm\//,
  ],
  ['a setting knows nobody', /^src\/lib\/config(\/|\.ts)/, /^src\/(?!lib\/config(\/|\.ts))/],
])('%s', (_rule, from, to) => {
  expect(imports({ from, to })).toEqual([]);
});

test('the environment is read in one place', () => {
  const readers = sources.filter(({ text }) => /process\.env|\bimport\.meta\.env/.test(text)).map(({ path }) => path);
  expect(readers.filter((path) => !/^src\/lib\/config(\/|\.ts)/.test(path))).toEqual([]);
});

test(`no source has more than ${MOST_LINES} lines`, () => {
  const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > MOST_LINES).map(({ path }) => path);
  expect(long).toEqual([]);
});
