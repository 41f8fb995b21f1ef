import { http } from '../lib/http.ts';
import { readUsage } from '../lib/memory/usage/usage-report.ts';
import { UsageQuery } from '../lib/requests.ts';

/** GET /usage: tokens, model calls, money and request units by day and kind of work. */
http('usage', {
  method: 'GET',
  route: 'usage',
  query: UsageQuery,
  run: ({ query, caller, services }) => {
    if (query.user_id !== undefined) caller.owner(query.user_id); // refuses another than the bound user
    return readUsage(services, caller, query);
  },
});
