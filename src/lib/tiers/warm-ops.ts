import { Heartbeat, Lease } from '../model-timers.ts';
import { ApiKey, Job } from '../model-work.ts';
import type { CosmosGate, Stored } from './cosmos-gate.ts';
import * as keys from './keys.ts';
import { jobsWanted, type WantedJobs } from './wanted-jobs.ts';

/** Operations in Cosmos: jobs, API keys, the timers' leases and sign of life. */
export function createWarmOps(cosmos: CosmosGate) {
  return {
    /** Records a job; false when it is there already. */
    createJob: (job: Job): Promise<boolean> => cosmos.create('ops', job),
    readJob: (tenant: string, id: string): Promise<Stored<Job> | undefined> =>
      cosmos.read('ops', Job, { id, pk: keys.jobPartition(tenant, id) }),
    replaceJob: (job: Job, etag: string): Promise<boolean> => cosmos.replace('ops', job, etag),

    createLease: (lease: Lease): Promise<boolean> => cosmos.create('ops', lease),
    readLease: (timer: string): Promise<Stored<Lease> | undefined> =>
      cosmos.read('ops', Lease, { id: keys.leaseId(timer), pk: keys.TIMERS_PARTITION }),
    replaceLease: (lease: Lease, etag: string): Promise<boolean> => cosmos.replace('ops', lease, etag),

    readHeartbeat: async (): Promise<Heartbeat | undefined> =>
      (await cosmos.read('ops', Heartbeat, { id: keys.HEARTBEAT_ID, pk: keys.TIMERS_PARTITION }))?.value,
    putHeartbeat: (heartbeat: Heartbeat): Promise<void> => cosmos.upsert('ops', heartbeat),

    /** One page of a day's jobs (yyyymmdd), newest first. */
    pageJobs(tenant: string, day: string, { wanted, ...page }: { wanted: WantedJobs; limit: number; cursor: string | undefined }) {
      const pk = keys.jobPartition(tenant, day);
      return cosmos.page('ops', Job, { statement: jobsWanted(pk, wanted), pk, ...page });
    },

    createKey: (key: ApiKey): Promise<boolean> => cosmos.create('ops', key),
    readKey: async (prefix: string): Promise<ApiKey | undefined> =>
      (await cosmos.read('ops', ApiKey, { id: prefix, pk: keys.keyPartition(prefix) }))?.value,
    putKey: (key: ApiKey): Promise<void> => cosmos.upsert('ops', key),
  };
}
export type WarmOps = ReturnType<typeof createWarmOps>;
