import { z } from 'zod';
import { badRequest } from './errors.ts';

export const DISTANCES = ['cosine', 'dotproduct', 'euclidean'] as const;
export const DATA_TYPES = ['float32', 'float16', 'int8', 'uint8'] as const;
const MAX_DIMENSIONS = 4096; // documented, of quantizedFlat and diskANN
const MAX_FLAT_DIMENSIONS = 505; // documented

const lowerCase = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.preprocess((value) => (typeof value === 'string' ? value.toLowerCase() : value), z.enum(names));

// Documented: no wildcards, and nothing inside arrays.
const VectorPath = z.string().regex(/^(\/[^/*[\]]+)+$/, 'must be a path such as /vector, without * and []');

/** What a vectorEmbeddingPolicy says of one path. */
export const VectorEmbedding = z.looseObject({
  path: VectorPath,
  dataType: lowerCase(DATA_TYPES).default('float32'),
  distanceFunction: lowerCase(DISTANCES).default('cosine'),
  dimensions: z.int().min(1).max(MAX_DIMENSIONS).default(1536),
});
export type VectorEmbedding = z.infer<typeof VectorEmbedding>;

export const VectorIndex = z.looseObject({ path: VectorPath, type: z.enum(['flat', 'quantizedFlat', 'diskANN']) });
export type VectorIndex = z.infer<typeof VectorIndex>;

/** Throws 400 when a path has two policies, or an index is of a path without one or with too many dimensions for it. */
export function checkVectors(embeddings: VectorEmbedding[], indexes: VectorIndex[]): void {
  const byPath = new Map(embeddings.map((embedding) => [embedding.path, embedding]));
  if (byPath.size < embeddings.length) throw badRequest('The vectorEmbeddingPolicy has more than one policy for a path.');
  for (const { path, type } of indexes) {
    const embedding = byPath.get(path);
    if (embedding === undefined) throw badRequest(`The vector index on ${path} needs a vectorEmbeddingPolicy for that path.`);
    if (type === 'flat' && embedding.dimensions > MAX_FLAT_DIMENSIONS)
      throw badRequest(
        `A flat vector index holds vectors of at most ${MAX_FLAT_DIMENSIONS} dimensions, ${path} has ${embedding.dimensions}.`,
      );
  }
}

/** Throws 400 when the policy of a path would change: paths can be added and removed. */
export function checkVectorChange(before: VectorEmbedding[], after: VectorEmbedding[]): void {
  for (const { path, dataType, distanceFunction, dimensions } of before) {
    const kept = after.find((embedding) => embedding.path === path);
    if (kept === undefined) continue;
    const same = kept.dataType === dataType && kept.distanceFunction === distanceFunction && kept.dimensions === dimensions;
    if (!same) throw badRequest(`The vectorEmbeddingPolicy of ${path} cannot be changed, only removed and added again.`);
  }
}
