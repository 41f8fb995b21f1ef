import { z } from 'zod';
import { Iso, Seq } from './model.ts';

/** The lengths for which the container has a vector path (infra/cosmos-vectors.json, which a test holds to this). */
export const VECTOR_DIMENSIONS = [256, 384, 512, 768, 1024, 1536, 3072] as const;

/** The property that holds vectors of a length: Cosmos DB binds a path to one length. */
export const vectorPath = (dimensions: number): string => `v${dimensions}`;

/** The vector of one item by one embedding model; the vector itself is under `vectorPath`, and missing where the server took no vector. */
export const Vector = z.looseObject({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('vector'),
  schema_version: z.literal(1),
  /** Id of the document that holds the item; of an append also the seq of the message, else 0. */
  item: z.string(),
  seq: Seq,
  /** Model and dimensions as they were asked for: vectors of one such name can be compared. */
  model: z.string(),
  /** The model as its server calls it. */
  version: z.string(),
  dimensions: Seq,
  /** Of the text: an item that says something else by now needs another vector. */
  hash: z.string(),
  created_at: Iso,
});
export type Vector = z.infer<typeof Vector>;

const Asked = z.object({ name: z.string(), dimensions: z.number().int().optional() });

/** How far the vectors of a user are; one in each partition that has vectors. */
export const VectorState = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('vectors'),
  schema_version: z.literal(1),
  /** The model whose vectors are being made and kept. */
  model: Asked,
  /** Everything written before this time of Cosmos DB (`_ts`, seconds) has its vector. */
  through_ts: z.number().int(),
  /** Whether all that there was when it was last looked at has its vector. */
  complete: z.boolean(),
  /** The model that answers until then. */
  previous: Asked.optional(),
  /** There may be vectors by other models, which go when it is complete. */
  untidy: z.boolean(),
  updated_at: Iso,
});
export type VectorState = z.infer<typeof VectorState>;

/** An item near a query. `similarity` is the cosine of the angle between the two vectors, 1 for the same direction. */
export const Neighbour = z.object({ item: z.string(), seq: Seq, similarity: z.number() });
export type Neighbour = z.infer<typeof Neighbour>;
