import { recordPoison, runJob } from '../lib/memory/jobs/run-job.ts';
import { Doorbell } from '../lib/model-work.ts';
import { queue } from '../lib/queue.ts';

/** Rung for a summarize job: the oldest chunk of an overflowing buffer becomes part of the rolling summary. */
queue('summarize', { queue: 'summarize', payload: Doorbell, run: runJob });

/** What the host gave up on after five deliveries. */
queue('summarize-poison', { queue: 'summarize-poison', payload: Doorbell, run: recordPoison });
