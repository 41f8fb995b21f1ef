import { z } from 'zod';
import { badRequest, notSupported } from './errors.ts';
import { checkVectors, VectorEmbedding, VectorIndex } from './vector-policy.ts';

const IndexedPath = z.looseObject({ path: z.string() });
const CompositePath = z.looseObject({ path: z.string(), order: z.enum(['ascending', 'descending']).default('ascending') });

const IndexingPolicy = z.looseObject({
  indexingMode: z.string().default('consistent'),
  automatic: z.boolean().default(true),
  includedPaths: z.array(IndexedPath).default([{ path: '/*' }]),
  excludedPaths: z.array(IndexedPath).default([]),
  compositeIndexes: z.array(z.array(CompositePath)).default([]),
  vectorIndexes: z.array(VectorIndex).default([]),
});
export type IndexingPolicy = z.infer<typeof IndexingPolicy>;

const PartitionKey = z.looseObject({
  paths: z.array(z.string().startsWith('/')).min(1).max(3),
  kind: z.enum(['Hash', 'MultiHash']).default('Hash'),
  version: z.literal(2, 'only version 2 is supported').default(2),
});

/** The part of a container's definition that means something here; the rest is kept and given back. */
const ContainerDefinition = z.looseObject({
  id: z.string(),
  partitionKey: PartitionKey,
  defaultTtl: z
    .int()
    .max(2_147_483_647)
    .refine((ttl) => ttl === -1 || ttl > 0, 'must be -1 or a positive number of seconds')
    .optional(),
  indexingPolicy: IndexingPolicy.prefault({}),
  uniqueKeyPolicy: z.looseObject({ uniqueKeys: z.array(z.looseObject({ paths: z.array(z.string()) })) }).optional(),
  vectorEmbeddingPolicy: z.looseObject({ vectorEmbeddings: z.array(VectorEmbedding) }).optional(),
});
export type ContainerDefinition = z.infer<typeof ContainerDefinition>;

const REFUSED = ['computedProperties', 'changeFeedPolicy', 'clientEncryptionPolicy', 'analyticalStorageTtl', 'materializedViewDefinition'];

/** Checks a container's definition and fills in defaults. Throws 400 with the rule that is broken, or by name for what is not supported. */
export function parseDefinition(body: unknown): ContainerDefinition {
  const result = ContainerDefinition.safeParse(body);
  if (!result.success) throw badRequest(`The container definition is invalid: ${z.prettifyError(result.error)}`);
  const { data } = result;
  const refused = REFUSED.find((name) => data[name] !== undefined && data[name] !== null);
  if (refused !== undefined) throw notSupported(`The container property ${refused}`);
  checkVectors(data.vectorEmbeddingPolicy?.vectorEmbeddings ?? [], data.indexingPolicy.vectorIndexes);
  return data;
}
