import { badRequest } from '../errors.ts';
import { pathSegments } from '../partition-key.ts';
import { DATA_TYPES, DISTANCES, type VectorEmbedding } from '../vector-policy.ts';
import { childrenOf, type Expression, pathOf, type Query, selected } from './ast.ts';
import { rootVariable } from './root.ts';

type Call = Extract<Expression, { type: 'call' }>;

const NUMBERS = ['searchListSizeMultiplier', 'quantizedVectorListMultiplier', 'filterPriority']; // for indexes, which are not here

export const isDistance = (expression: Expression): expression is Call =>
  expression.type === 'call' && expression.name === 'VECTORDISTANCE';

/** Every VectorDistance of a query, inside whatever expression or subquery it is. */
function distancesIn(query: Query): Call[] {
  const inside = (expression: Expression): Call[] => [
    ...(isDistance(expression) ? [expression] : []),
    ...(expression.type === 'subquery' ? distancesIn(expression.query) : childrenOf(expression).flatMap(inside)),
  ];
  const sources = [...(query.from ? [query.from] : []), ...query.joins].map(({ expression }) => expression);
  const sortKeys = query.orderBy.map(({ expression }) => expression);
  const where = query.where === undefined ? [] : [query.where];
  return [...selected(query.select), ...sources, ...where, ...query.groupBy, ...sortKeys].flatMap(inside);
}

function optionText(name: string, value: Expression, allowed: readonly string[]): string {
  const text = value.type === 'constant' && typeof value.value === 'string' ? value.value.toLowerCase() : undefined;
  if (text !== undefined && allowed.includes(text)) return text;
  throw badRequest(`The option ${name} of VectorDistance must be one of ${allowed.join(', ')}.`);
}

/** The distance function that the options name, if they do. Throws 400 for what is not documented. */
function chosenFunction(options: Expression | undefined): string | undefined {
  if (options === undefined) return undefined;
  if (options.type !== 'object') throw badRequest('The fourth argument of VectorDistance must be an object literal.');
  let chosen: string | undefined;
  for (const [name, value] of options.entries) {
    if (name === 'distanceFunction') chosen = optionText(name, value, DISTANCES);
    else if (name === 'dataType') optionText(name, value, DATA_TYPES);
    else if (!NUMBERS.includes(name)) throw badRequest(`VectorDistance has no option ${name}.`);
  }
  return chosen;
}

/** The policy of the document path among the two vectors; undefined when neither is a path. */
function policyOf({ args }: Call, root: string, embeddings: readonly VectorEmbedding[]): VectorEmbedding | undefined {
  const paths = args.slice(0, 2).map(pathOf);
  const own = paths.filter((found) => found !== undefined && found.root === root && found.path.length > 0);
  for (const path of own) {
    const text = path?.path.join('\n');
    const policy = embeddings.find((embedding) => pathSegments(embedding.path).join('\n') === text);
    if (policy === undefined)
      throw badRequest(`VectorDistance needs a vectorEmbeddingPolicy of the container for /${path?.path.join('/')}.`);
    return policy;
  }
  return undefined;
}

/**
 * Writes into every VectorDistance of a query what the container's policy and the options make of it: the function, and the dimensions
 * that a vector must have. Throws 400 for a path without a policy, unknown options, and an order that the service would not run.
 */
export function settleDistances(query: Query, embeddings: readonly VectorEmbedding[]): void {
  const root = rootVariable(query);
  for (const call of distancesIn(query)) {
    const [left, right, bruteForce, options] = call.args;
    if (left === undefined || right === undefined || call.args.length > 4)
      throw badRequest('The VectorDistance function requires 2 to 4 arguments.');
    const isFlag = bruteForce === undefined || (bruteForce.type === 'constant' && typeof bruteForce.value === 'boolean');
    if (!isFlag) throw badRequest('The third argument of VectorDistance must be true or false.');
    const chosen = chosenFunction(options);
    const policy = policyOf(call, root, embeddings);
    const entries: [string, Expression][] = [
      ['distanceFunction', { type: 'constant', value: chosen ?? policy?.distanceFunction ?? 'cosine' }],
      ...(policy ? [['dimensions', { type: 'constant', value: policy.dimensions }] as [string, Expression]] : []),
    ];
    call.args = [left, right, { type: 'constant', value: true }, { type: 'object', entries }];
  }
  checkOrder(query);
}

/** Documented: the order is always from most to least similar, and needs a TOP or LIMIT. */
function checkOrder(query: Query): void {
  const keys = query.orderBy.filter(({ expression }) => isDistance(expression));
  if (keys.length === 0) return;
  if (query.orderBy.length > 1) throw badRequest('ORDER BY VectorDistance cannot be combined with other sort keys.');
  if (keys[0]?.descending) throw badRequest('ORDER BY VectorDistance takes no direction: the most similar come first.');
  if (query.top === undefined && query.limit === undefined) throw badRequest('ORDER BY VectorDistance needs TOP or OFFSET LIMIT.');
}
