import type { IndexingPolicy } from './container-definition.ts';
import { badRequest } from './errors.ts';
import { pathSegments } from './partition-key.ts';
import { pathOf, type Query, type SortKey } from './sql/ast.ts';
import { isDistance } from './sql/distances.ts';

interface SortPath {
  segments: string[];
  text: string;
  descending: boolean;
}

/** How closely an index path such as `/a/?` or `/a/*` fits a property: the number of segments it fixes, -1 for not at all. */
function precision(indexPath: string, segments: readonly string[]): number {
  const parts = pathSegments(indexPath);
  const ending = parts.at(-1);
  const fixed = ending === '*' || ending === '?' ? parts.slice(0, -1) : parts;
  if (fixed.some((part, index) => part !== segments[index])) return -1;
  if (ending === '*') return fixed.length;
  return fixed.length === segments.length ? fixed.length + 1 : -1;
}

const best = (paths: { path: string }[], segments: readonly string[]): number =>
  Math.max(-1, ...paths.map(({ path }) => precision(path, segments)));

/** Documented: the most precise path decides; `id` and `_ts` are always indexed. */
function isIndexed(policy: IndexingPolicy, segments: readonly string[]): boolean {
  if (policy.indexingMode === 'none') return false;
  if (segments.length === 1 && (segments[0] === 'id' || segments[0] === '_ts')) return true;
  const included = best(policy.includedPaths, segments);
  return included >= 0 && included > best(policy.excludedPaths, segments);
}

/** The document path of a sort key. Throws 400 for what is no path of the document; undefined for a distance, which needs no index here. */
function sortPath({ from }: Query, { expression, descending }: SortKey): SortPath | undefined {
  if (isDistance(expression)) return undefined;
  const source = from === undefined || from.iterate ? undefined : pathOf(from.expression);
  const key = pathOf(expression);
  if (source === undefined || key === undefined || key.root !== from?.alias) {
    throw badRequest('Unsupported ORDER BY clause: an item could not be mapped to a document path.');
  }
  const segments = [...source.path, ...key.path];
  return { segments, text: `/${segments.join('/')}`, descending };
}

/** A composite index serves an order when its paths and directions are the same, or all directions are turned round. */
function isServed(index: { path: string; order: string }[], keys: SortPath[]): boolean {
  if (index.length !== keys.length) return false;
  const agrees = keys.map(({ descending }, position) => (index[position]?.order === 'descending') === descending);
  const samePaths = keys.every(({ text }, position) => index[position]?.path.replace(/\/\?$/, '') === text);
  return samePaths && (agrees.every(Boolean) || !agrees.some(Boolean));
}

/** Throws 400 when no index of the container can serve the ORDER BY, as the service does. */
export function checkOrderBy(query: Query, policy: IndexingPolicy): void {
  const keys = query.orderBy.map((key) => sortPath(query, key)).filter((key) => key !== undefined);
  if (keys.length < query.orderBy.length) return;
  if (keys.length > 1 && !policy.compositeIndexes.some((index) => isServed(index, keys))) {
    throw badRequest('The order by query does not have a corresponding composite index that it can be served from.');
  }
  const [only] = keys;
  if (keys.length === 1 && only !== undefined && !isIndexed(policy, only.segments)) {
    throw badRequest(`The order-by item ${only.text} is excluded from the index, so the query cannot be served.`);
  }
}

/** Documented: a document without the sort property is only in the result when that very path is included by name; without a vector, never. */
export function keepsMissing(query: Query, policy: IndexingPolicy): boolean {
  const [key, second] = query.orderBy;
  if (key === undefined || second !== undefined) return true;
  const segments = sortPath(query, key)?.segments;
  if (segments === undefined) return false;
  return policy.includedPaths.some(({ path }) => !path.endsWith('*') && precision(path, segments) >= 0);
}
