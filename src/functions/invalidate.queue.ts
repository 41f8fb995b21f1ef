import { endStale } from '../lib/memory/items/item-stale.ts';
import { StaleCopies } from '../lib/model-work.ts';
import { queue } from '../lib/queue.ts';

/** Rung by a writer that could not reach Redis after its commit: somebody who can ends the hot copies. */
queue('invalidate', { queue: 'invalidate', payload: StaleCopies, run: endStale });
