import { http } from '../lib/http.ts';
import { readTierStats } from '../lib/memory/items/tier-figures.ts';

/** GET /tiers/stats: hits, times, errors and connections of each tier, as this instance saw them. */
http('tiers-stats', {
  method: 'GET',
  route: 'tiers/stats',
  run: ({ services }) => readTierStats(services),
});
