import { recordPoison, runJob } from '../lib/memory/jobs/run-job.ts';
import { Doorbell } from '../lib/model-work.ts';
import { queue } from '../lib/queue.ts';

/** Rung for an index job: the messages of a user that are in no segment of the search index yet. */
queue('index', { queue: 'index', payload: Doorbell, run: runJob });

/** What the host gave up on after five deliveries. */
queue('index-poison', { queue: 'index-poison', payload: Doorbell, run: recordPoison });
