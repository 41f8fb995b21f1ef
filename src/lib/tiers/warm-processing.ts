import { z } from 'zod';
import { JobStatus } from '../model-work.ts';
import { type CosmosGate, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';

const Count = z.object({ n: z.number() });
const Figures = z.object({
  status: JobStatus,
  refused: z.boolean().nullish(),
  n: z.number(),
  ms: z.number().nullish(),
  first: z.string().nullish(),
  last: z.string().nullish(),
});
export type Figures = z.infer<typeof Figures>;

/** Transcript jobs of a tenant, or of one of its users, in figures: each query reads one day's partition. */
export function createWarmProcessing(cosmos: CosmosGate) {
  return {
    /** One day's jobs (yyyymmdd) by what became of them: how many, how long they worked, asked for first, over last. */
    dayFigures(tenant: string, day: string, user_id: string | undefined): Promise<Figures[]> {
      const pk = keys.jobPartition(tenant, day);
      const statement = sql`SELECT c.status, c.result.refused AS refused, COUNT(1) AS n, SUM(c.result.ms) AS ms, MIN(c.created_at) AS first, MAX(c.finished_at) AS last FROM c WHERE c.pk = ${pk} AND c.kind = 'job' AND c.job_kind = 'transcripts' AND (${user_id === undefined} OR c.user_id = ${user_id ?? ''}) GROUP BY c.status, c.result.refused`;
      return cosmos.query('ops', Figures, { statement, pk });
    },

    /** How many of that day's jobs were done since a time (ISO). */
    async countDone(tenant: string, day: string, { since, user_id }: { since: string; user_id: string | undefined }): Promise<number> {
      const pk = keys.jobPartition(tenant, day);
      const statement = sql`SELECT COUNT(1) AS n FROM c WHERE c.pk = ${pk} AND c.kind = 'job' AND c.job_kind = 'transcripts' AND c.status = 'done' AND c.finished_at >= ${since} AND (${user_id === undefined} OR c.user_id = ${user_id ?? ''})`;
      return (await cosmos.query('ops', Count, { statement, pk }))[0]?.n ?? 0;
    },
  };
}
export type WarmProcessing = ReturnType<typeof createWarmProcessing>;
