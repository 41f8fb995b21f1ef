import { runJob } from '../../src/lib/memory/run-job.ts';
import { endSession } from '../../src/lib/memory/sessions.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Instances } from '../support/instances.ts';
import { ownerIs } from '../support/talk.ts';

/** What happens by itself after a while: leases run out, the sweep rings again, the queue delivers. */
export async function recover(world: Instances): Promise<void> {
  for (let round = 0; round < 6; round++) {
    world.clock.advance({ seconds: 600 });
    for (const { queue, payload } of world.rung.splice(0)) {
      if (queue !== 'invalidate') await runJob(world.instance(), Doorbell.parse(payload));
    }
  }
}
void endSession;
void ownerIs;
