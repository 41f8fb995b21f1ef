import { identify } from '../lib/caller.ts';
import { VERSION } from '../lib/config.ts';
import { http, reply } from '../lib/http.ts';
import { createReadiness } from '../lib/memory/sessions/health.ts';

const readiness = createReadiness();

/** GET /health: the process is up. Touches no tier. */
http('health', {
  method: 'GET',
  route: 'health',
  needs: 'nobody',
  run: () => ({ status: 'healthy', service: 'agent-memory', version: VERSION }),
});

/** GET /health/ready: 503 only when Cosmos DB is down; the tiers' details for known callers only. */
http('health-ready', {
  method: 'GET',
  route: 'health/ready',
  needs: 'nobody',
  run: async ({ services, request }) => {
    const [{ status, tiers }, known] = await Promise.all([
      readiness(services),
      identify(services, request.headers).then(
        () => true,
        () => false,
      ),
    ]);
    return reply(status === 'unavailable' ? 503 : 200, known ? { status, tiers } : { status });
  },
});
