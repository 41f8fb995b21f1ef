import type { HostClient } from './host-client.ts';
import type { QueueProbe } from './queue-probe.ts';

/** What a case can reach: the host over HTTP and the storage behind its queues. */
export interface Probe {
  host: HostClient;
  queues: QueueProbe;
}

/** One observable behaviour: what `see` finds has to equal `expected`, deeply. */
export interface Case {
  name: string;
  expected: unknown;
  see: (probe: Probe) => Promise<unknown>;
  /** Runs while no other case does. */
  isAlone?: boolean;
}
