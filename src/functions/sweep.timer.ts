import { sweep } from '../lib/memory/sweep.ts';
import { everySeconds, timer } from '../lib/timer.ts';

/** Every PROCESSING_INTERVAL_SECONDS: looks for work that should have happened. */
timer('sweep', { schedule: ({ processing }) => everySeconds(processing.intervalSeconds), run: sweep });
