import { sweep } from '../lib/memory/jobs/sweep.ts';
import { goOnRetaining } from '../lib/memory/retention/retain.ts';
import { everySeconds, timer } from '../lib/timer.ts';

/** Every PROCESSING_INTERVAL_SECONDS: looks for work that should have happened, and goes on with retention that did not finish. */
timer('sweep', {
  schedule: ({ processing }) => everySeconds(processing.intervalSeconds),
  run: async (services) => {
    const swept = await sweep(services);
    const retained = await goOnRetaining(services);
    return swept || retained ? { ...swept, ...(retained && { retained }) } : undefined;
  },
});
