import { randomUUID } from 'node:crypto';
import { expect, inject } from 'vitest';
import { createStorage } from '../../dev/launch/storage.ts';
import { readJob } from '../../src/lib/memory/jobs/jobs.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { directoryPartitions } from '../../src/lib/tiers/keys.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, TENANT } from '../support/talk.ts';

/** Three instances with Blob Storage, for what the sweep of one does beside the others. */
export async function startSweepWorld(): Promise<Instances> {
  const id = `t${randomUUID().slice(0, 8)}`;
  const storage = inject('storage');
  await createStorage(storage, { blobPrefix: id, queuePrefix: id });
  return startInstances({ count: 3, settings: { BLOB_CONNECTION_STRING: storage, BLOB_CONTAINER: id } });
}

/** What a test of the sweep does and looks at; `running` is the world of its file. */
export function sweeping(running: () => Instances) {
  /** Answers the doorbells that were rung so far. */
  async function work(service: Services = running().instance(1)): Promise<number> {
    const bells = running()
      .rung.splice(0)
      .filter(({ queue }) => queue !== 'invalidate');
    for (const { payload } of bells) await runJob(service, Doorbell.parse(payload));
    return bells.length;
  }
  return {
    work,
    /** A test begins with nothing due: the sweep looks at everything there is. */
    async settle(): Promise<void> {
      const world = running();
      world.clock.advance({ days: 2 });
      for (let n = 0; n < 3; n++) {
        await sweep(world.instance());
        await work();
        world.clock.advance({ days: 2 });
      }
      world.rung.length = 0;
    },
    async swept(service = running().instance()) {
      const counts = await sweep(service);
      expect(counts, 'no other instance sweeps').toBeDefined();
      return counts!;
    },
    headOf: async (who: { user_id: string; session_id: string }) =>
      (await running().instance().warm.sessions.readHead(ownerIs(who), who.session_id))!.value,
    jobOf: (id: string) => readJob(running().instance(), { tenant: TENANT }, { id, waitMs: 0 }),
    /** What the sweep would look at some time, for a session or for all. */
    async entries(session_id?: string): Promise<string[]> {
      const { directory } = running().instance().warm;
      const found = await Promise.all(directoryPartitions.map((pk) => directory.listDue(pk, { until: '9999', limit: 100 })));
      return found.flat().flatMap(({ value }) => (session_id === undefined || value.session_id === session_id ? value.due : []));
    },
  };
}
