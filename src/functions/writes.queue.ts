import { storeQueued } from '../lib/memory/sessions/turns.ts';
import { drainWrites } from '../lib/memory/sessions/write-behind.ts';
import { SessionRef } from '../lib/model-work.ts';
import { queue } from '../lib/queue.ts';

/** Rung when a store had to wait for Cosmos DB: the session's waiting stores go in, in their order. */
queue('writes', { queue: 'writes', payload: SessionRef, run: (services, of) => drainWrites(services, of, storeQueued) });

/** Given up by the host while Cosmos DB was still down: rung again, never dropped. */
queue('writes-poison', {
  queue: 'writes-poison',
  payload: SessionRef,
  run: async ({ ring }, of) => {
    if (!(await ring('writes', of, { delaySeconds: 60 }))) throw new Error('the queue does not take the doorbell back');
  },
});
