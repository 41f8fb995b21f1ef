import { recordPoison, runJob } from '../lib/memory/jobs/run-job.ts';
import { Doorbell } from '../lib/model-work.ts';
import { queue } from '../lib/queue.ts';

/** Rung for a reflect job: summary, facts and insights of the turns after the cursor. */
queue('reflect', { queue: 'reflect', payload: Doorbell, run: runJob });

/** What the host gave up on after five deliveries. */
queue('reflect-poison', { queue: 'reflect-poison', payload: Doorbell, run: recordPoison });
