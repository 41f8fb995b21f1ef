import type { Client } from './client.ts';
import type { Command } from './command.ts';
import type { Condition } from './condition.ts';
import { Keyspace } from './keyspace.ts';
import type { Scripts } from './lua/scripts.ts';

export const VERSION = '7.0.15';
export const DATABASES = 16;

/** The state of one server: what INFO would tell about. */
export interface Instance {
  readonly databases: readonly Keyspace[];
  readonly clients: Map<number, Client>;
  readonly credentials?: { user: string; password: string };
  readonly checkSlots: boolean;
  readonly startedAt: number;
  readonly clock: Clock;
  readonly scripts: Scripts;
  readonly commands: ReadonlyMap<string, Command>;
  condition: Condition;
  port: number;
  commandsProcessed: number;
}

/** Time in ms. While a script runs it stands still, so that no key expires half-way through. */
export interface Clock {
  now(): number;
  frozen<T>(run: () => T): T;
}

export function wallClock(): Clock {
  let frozenAt: number | undefined;
  return {
    now: () => frozenAt ?? Date.now(),
    frozen(run) {
      const before = frozenAt;
      frozenAt ??= Date.now();
      try {
        return run();
      } finally {
        frozenAt = before;
      }
    },
  };
}

export function newDatabases(clock: Clock): Keyspace[] {
  return Array.from({ length: DATABASES }, () => new Keyspace(clock.now));
}
