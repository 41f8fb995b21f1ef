import type { Services } from '../../services.ts';

/** How many sessions the hot tier holds for a tenant, how old they are, and how often this instance was answered from it. */
export async function readStats(services: Services, tenant: string) {
  const now = services.now();
  const capacity = services.config.memory.maxSessions;
  const ages = ((await services.hot.recency(tenant)) ?? []).map((used) => Math.max(0, (now - used) / 1000));
  const { hot, cold } = services.seen;
  const seconds = (value: number) => Math.round(value * 10) / 10;
  return {
    total_sessions: ages.length,
    dirty_sessions: 0, // nothing waits in memory to be saved: what is acknowledged is in Cosmos
    max_capacity: capacity,
    utilization: ages.length / capacity,
    avg_age_seconds: seconds(ages.reduce((sum, age) => sum + age, 0) / (ages.length || 1)),
    oldest_age_seconds: seconds(Math.max(0, ...ages)),
    hit_rate: hot + cold === 0 ? 0 : hot / (hot + cold),
    scope: 'instance' as const,
    instance_id: services.instanceId,
  };
}
