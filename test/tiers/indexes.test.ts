import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cosmosContainers } from '../../dev/launch/containers.ts';
import { jobsWanted } from '../../src/lib/tiers/wanted-jobs.ts';

const ROOT = join(import.meta.dirname, '../..');
const TEMPLATE = /\bsql`([^`]*)`/g;
const ASKED = /\.(?:query|page)\('(\w+)'/;
// These look at the few documents that the rest of the clause has found; an index of them would cost every write of a message.
const NOT_BY_INDEX = /\bARRAY_LENGTH\([^)]*\)/g;
const LOOKED_AT = ['/messages/[]/seq/?', '/messages/[]/message_id/?', '/history/?'];
const BY_ITSELF = ['/id/?', '/_ts/?']; // the service indexes these whatever the policy says

interface Query {
  file: string;
  container: string;
  text: string;
}

/** The container that a file asks with the template that ends at `from`: it is named next, or before by a function they share. */
function containerOf(text: string, from: number): string {
  const named = ASKED.exec(text.slice(from)) ?? ASKED.exec(text);
  if (!named?.[1]) throw new Error('a query that asks no container');
  return named[1];
}

/** Every query text of the tiers. */
const queries: Query[] = globSync('src/lib/**/*.ts', { cwd: ROOT }).flatMap((file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  if (file.endsWith('cosmos-gate.ts')) return []; // only describes what a template is
  return [...text.matchAll(TEMPLATE)].map((found) => ({
    file,
    container: containerOf(text, found.index + found[0].length),
    text: found[1] ?? '',
  }));
});
queries.push({
  file: 'wanted-jobs.ts',
  container: 'ops',
  text: jobsWanted('pk', { status: 'done', kind: 'reflect', session_id: 's', user_id: 'u' }).query,
});

/** The paths that a query finds and sorts by, as an indexing policy writes them; what it only answers needs no index. */
function pathsOf(text: string): string[] {
  const clause = text.slice(text.indexOf(' WHERE ')).replaceAll(NOT_BY_INDEX, '');
  const elements = new Map([...clause.matchAll(/(\w+) IN c\.([\w.]+)/g)].map(([, alias = '', path = '']) => [alias, `${path}.[]`]));
  const aliases = ['c', ...elements.keys()].join('|');
  const lists = [...clause.matchAll(/ARRAY_CONTAINS\(c\.([\w.]+)/g)].map(([, path]) => `${path}.[]`);
  const used = [...clause.matchAll(new RegExp(`\\b(${aliases})\\.([\\w.]+)`, 'g'))].map(([, alias = '', path = '']) =>
    alias === 'c' ? path : `${elements.get(alias)}.${path}`,
  );
  const whole = [...lists, ...elements.values()].map((path) => path.replace(/\.\[\]$/, '')); // a list is found by its elements
  return [...new Set([...used, ...lists])].filter((path) => !whole.includes(path)).map((path) => `/${path.replaceAll('.', '/')}/?`);
}

const indexed = new Map(cosmosContainers().map(({ id, indexingPolicy }) => [id, indexingPolicy.includedPaths.map(({ path }) => path)]));

test('queries are found, with what they find and sort by', () => {
  expect(queries.length).toBeGreaterThan(30);
  expect(pathsOf('SELECT c.a FROM c WHERE c.pk = @p0 AND c.b.d > 1 AND ARRAY_LENGTH(c.e.f) = 0 ORDER BY c.g DESC')).toEqual([
    '/pk/?',
    '/b/d/?',
    '/g/?',
  ]);
  expect(pathsOf('SELECT * FROM c WHERE EXISTS(SELECT VALUE s FROM s IN c.sources WHERE s.x = @p0) AND ARRAY_CONTAINS(c.l, @p1)')).toEqual([
    '/sources/[]/x/?',
    '/l/[]/?',
  ]);
});

test('every query finds and sorts by paths that its container indexes', () => {
  const missing = queries.flatMap(({ file, container, text }) =>
    pathsOf(text)
      .filter((path) => ![...BY_ITSELF, ...LOOKED_AT, ...(indexed.get(container) ?? [])].includes(path))
      .map((path) => `${file}: ${container} ${path}`),
  );
  expect(missing).toEqual([]);
});

test('nothing else is indexed: a message costs its write and no more', () => {
  expect([...indexed.keys()]).toEqual(['memory', 'directory', 'ops', 'items']);
  for (const { indexingPolicy } of cosmosContainers()) expect(indexingPolicy.excludedPaths).toEqual([{ path: '/*' }]);
  for (const paths of indexed.values()) {
    expect(paths.filter((path) => !/^\/\w+(\/(\w+|\[\]))*\/\?$/.test(path))).toEqual([]);
    expect(new Set(paths).size).toBe(paths.length);
  }
});
