import { expect, test } from 'vitest';
import { createReadiness } from '../../src/lib/memory/sessions/health.ts';
import { traced } from '../../src/lib/telemetry.ts';
import { startInstances } from '../support/instances.ts';
import { recalled, say } from '../support/talk.ts';

test('in Azure an empty REDIS_URL and BLOB_ACCOUNT_URL switch those tiers off: no connection, disabled, never degraded', async () => {
  const azure = { WEBSITE_SITE_NAME: 'keepsake', AZURE_FUNCTIONS_ENVIRONMENT: 'Production', AUTH_MODE: 'keys' };
  const world = await startInstances({ settings: { ...azure, REDIS_URL: '', BLOB_ACCOUNT_URL: '' } });
  try {
    const services = world.instance();
    const who = world.fresh();
    const { said, degraded } = await traced(async (trace) => {
      await say(services, who, 'one');
      return { said: await recalled(services, who), degraded: [...trace.degraded] };
    });
    expect(said).toEqual(['one']);
    expect(degraded).toEqual([]);
    expect(world.redis.calls.all.filter(({ name }) => name.startsWith('EVAL') || name === 'HGETALL')).toEqual([]);
    const { tiers } = await createReadiness()({ ...services, ping: { ...services.ping, queue: undefined } });
    expect(tiers.redis).toEqual({ status: 'disabled', latency_ms: null });
    expect(tiers.blob).toEqual({ status: 'disabled', latency_ms: null });
    expect(tiers.cosmos.status).toBe('ok');
  } finally {
    await world.stop();
  }
});
