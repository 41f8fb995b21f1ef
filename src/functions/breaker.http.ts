import { parseWith, readJsonIfAny } from '../lib/body.ts';
import { http } from '../lib/http.ts';
import { resetBreakers } from '../lib/memory/sessions/breakers.ts';
import { BreakerRequest } from '../lib/requests-session.ts';

/** POST /breaker/reset: this instance asks a tier again that it had left alone (operator). */
http('breaker-reset', {
  method: 'POST',
  route: 'breaker/reset',
  needs: 'operator',
  run: async ({ services, request }) => {
    const { tier } = parseWith(BreakerRequest, await readJsonIfAny(request), 'invalid_body');
    return resetBreakers(services, tier);
  },
});
