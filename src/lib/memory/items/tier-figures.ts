import type { Services } from '../../services.ts';
import type { Connections, TierName } from '../../services-tiers.ts';
import type { Figures } from '../../tiers/tier-stats.ts';

type TierFigures = Figures & { connections: Connections; last_5_minutes: Figures };

/** What this instance saw of each tier, since its start and in the last five minutes. Asks no tier. */
export function readTierStats({ tiers, instanceId, now }: Services) {
  const at = now();
  const connections = tiers.connections();
  const figuresOf = (name: TierName): TierFigures => {
    const { last_5_minutes, ...sinceStart } = tiers.stats[name].figures(at);
    return { ...sinceStart, connections: connections[name], last_5_minutes };
  };
  return {
    tiers: { hot: figuresOf('hot'), warm: figuresOf('warm'), cold: figuresOf('cold') },
    scope: 'instance' as const,
    instance_id: instanceId,
  };
}
