import { z } from 'zod';
import { Iso } from './model.ts';

/** Where a walk over the directory goes on: in which of its partitions, and after which id there. */
export const DirectoryCursor = z.object({ shard: z.number().int(), after: z.string() });
export type DirectoryCursor = z.infer<typeof DirectoryCursor>;

/** Who runs a timer's work now, and where the work stands. */
export const Lease = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('lease'),
  schema_version: z.literal(1),
  token: z.string(),
  /** Milliseconds since 1970; from then on anybody may take it. */
  until: z.number(),
  /** null: the next run begins a new round. */
  cursor: DirectoryCursor.nullable(),
  /** When the last round was complete. */
  finished_at: Iso.nullable(),
});
export type Lease = z.infer<typeof Lease>;

/** The sweep's sign of life. */
export const Heartbeat = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('heartbeat'),
  schema_version: z.literal(1),
  at: Iso,
  instance: z.string(),
  /** When the hot tier was last held to its size. */
  evicted_at: Iso,
  last_sweep: z.record(z.string(), z.number()),
});
export type Heartbeat = z.infer<typeof Heartbeat>;
