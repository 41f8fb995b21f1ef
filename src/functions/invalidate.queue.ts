import { SessionAt } from '../lib/model.ts';
import { queue } from '../lib/queue.ts';

/** Rung by a writer that could not reach Redis after its commit: somebody who can ends the hot copy. */
queue('invalidate', {
  queue: 'invalidate',
  payload: SessionAt,
  run: async ({ hot }, at) => {
    if (hot.enabled && (await hot.invalidate(at)) === undefined) throw new Error('Redis does not answer; the copy is not ended yet');
  },
});
