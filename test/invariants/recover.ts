import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { sweep } from '../../src/lib/memory/jobs/sweep.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Instances } from '../support/instances.ts';

const ROUNDS = 8;

/** What happens by itself after a while: leases run out, the sweep rings for what was lost, the queue delivers. */
export async function recover(world: Instances, isSettled: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < ROUNDS && !(world.rung.length === 0 && (await isSettled())); round++) {
    world.clock.advance({ seconds: 600 });
    await sweep(world.instance());
    for (const { queue, payload } of world.rung.splice(0)) {
      if (queue === 'reflect' || queue === 'summarize') await runJob(world.instance(), Doorbell.parse(payload));
    }
  }
}
