import type { Services } from '../../services.ts';

const CACHED_MS = 5000;
const PING_MS = 2000;

export interface TierHealth {
  status: 'ok' | 'down' | 'disabled';
  latency_ms: number | null;
  breaker?: string;
}
export interface Readiness {
  status: 'ready' | 'degraded' | 'unavailable';
  tiers: Record<'redis' | 'cosmos' | 'blob' | 'queue' | 'model', TierHealth>;
}

/** Asks every tier for a sign of life, at most every 5 s. Only Cosmos DB decides whether the service is available at all. */
export function createReadiness() {
  let cached: { at: number; value: Promise<Readiness> } | undefined;
  return (services: Services): Promise<Readiness> => {
    if (!cached || services.now() - cached.at >= CACHED_MS) cached = { at: services.now(), value: readReadiness(services) };
    return cached.value;
  };
}

async function readReadiness({ hot, ping, breakers }: Services): Promise<Readiness> {
  const [redis, cosmos, blob, queue, model] = await Promise.all([
    hot.enabled ? sign(async () => (await hot.ping()) !== undefined) : off,
    sign(ping.cosmos),
    ping.blob ? sign(ping.blob) : off,
    ping.queue ? sign(ping.queue) : off,
    ping.model ? sign(ping.model) : { status: 'ok' as const, latency_ms: 0 },
  ]);
  const redisTier = { ...redis, ...(hot.enabled && { breaker: breakers.redis.name() }) };
  const tiers = { redis: redisTier, cosmos: { ...cosmos, breaker: breakers.cosmos.name() }, blob, queue, model };
  if (cosmos.status === 'down') return { status: 'unavailable', tiers };
  return { status: Object.values(tiers).some((tier) => tier.status === 'down') ? 'degraded' : 'ready', tiers };
}

const off: TierHealth = { status: 'disabled', latency_ms: null };

async function sign(ask: () => Promise<unknown>): Promise<TierHealth> {
  const started = performance.now();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('late')), PING_MS);
  try {
    const answer = await Promise.race([ask(), late]);
    return { status: answer === false ? 'down' : 'ok', latency_ms: Math.round(performance.now() - started) };
  } catch {
    return { status: 'down', latency_ms: null };
  } finally {
    clearTimeout(timer);
  }
}
