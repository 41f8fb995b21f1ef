import type { Services } from '../../services.ts';

export type GuardedTier = keyof Services['breakers'];

/** Closes the breaker of one tier, or of all, in this instance, and says how each stands. */
export function resetBreakers({ breakers, instanceId }: Services, tier?: GuardedTier) {
  for (const [name, breaker] of Object.entries(breakers)) if (tier === undefined || tier === name) breaker.reset();
  const states = Object.fromEntries(Object.entries(breakers).map(([name, breaker]) => [name, breaker.name()]));
  return { breakers: states, scope: 'instance' as const, instance_id: instanceId };
}
