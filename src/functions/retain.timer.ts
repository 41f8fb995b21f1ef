import { retain } from '../lib/memory/retention/retain.ts';
import { everyHours, timer } from '../lib/timer.ts';

/** Every CLEANUP_INTERVAL_HOURS: deletes what is past its time. */
timer('retain', { schedule: ({ processing }) => everyHours(processing.cleanupIntervalHours), run: (services) => retain(services) });
