import { recordPoison, runJob } from '../lib/memory/jobs/run-job.ts';
import { failTranscript } from '../lib/memory/transcripts/transcripts.ts';
import { Doorbell } from '../lib/model-work.ts';
import { queue } from '../lib/queue.ts';

/** Rung for a transcripts job: a raw conversation becomes a session with summary and facts. */
queue('transcripts', { queue: 'transcripts', payload: Doorbell, run: runJob });

/** What the host gave up on after five deliveries: the job and its transcript say so. */
queue('transcripts-poison', {
  queue: 'transcripts-poison',
  payload: Doorbell,
  run: async (services, bell) => {
    await recordPoison(services, bell);
    await failTranscript(services, bell);
  },
});
