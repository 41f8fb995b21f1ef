import { endStaleCopies } from '../lib/memory/sessions/changing.ts';
import { StaleCopies } from '../lib/model-work.ts';
import { queue } from '../lib/queue.ts';

/** Rung by a writer that could not reach Redis after its commit: somebody who can ends the hot copies. */
queue('invalidate', { queue: 'invalidate', payload: StaleCopies, run: endStaleCopies });
