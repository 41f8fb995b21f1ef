import { demote } from '../lib/memory/items/demote.ts';
import { everyHours, timer } from '../lib/timer.ts';

/** Every ITEM_DEMOTE_INTERVAL_HOURS: moves items that nobody reads to the cold tier, and sweeps up after those that ended. */
timer('demote', { schedule: ({ items }) => everyHours(items.demoteIntervalHours), run: (services) => demote(services) });
