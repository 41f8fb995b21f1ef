import { app } from '@azure/functions';
import type { Config } from './config.ts';
import { type Services, services } from './services.ts';
import { traced } from './telemetry.ts';

/** One timer: how often by the configuration, and the one lib call that a tick makes. */
export interface TimerRoute {
  schedule: (config: Config) => string;
  /** What it did, in counts for the log; undefined when another instance is at it. */
  run: (services: Services) => Promise<object | undefined>;
}

const HOUR_SECONDS = 3600;

/** Six-field cron expression for every so many seconds; below an hour the number must divide its minute or hour. */
export function everySeconds(seconds: number): string {
  if (seconds < 60) return `*/${seconds} * * * * *`;
  return seconds < HOUR_SECONDS ? `0 */${seconds / 60} * * * *` : '0 0 * * * *';
}

/** Six-field cron expression for every so many hours of the day, which the number must divide. */
export const everyHours = (hours: number): string => (hours < 24 ? `0 0 */${hours} * * *` : '0 0 0 * * *');

/**
 * Registers a timer trigger. It never runs at start: an app that scales out would start one with each instance. A failure is
 * thrown, so that the host counts it, and the next tick goes on. One log line a tick.
 */
export function timer(name: string, { schedule, run }: TimerRoute): void {
  app.timer(name, { schedule: schedule(services().config), handler: () => tick(services(), { name, run }) });
}

function tick(context: Services, { name, run }: { name: string; run: TimerRoute['run'] }): Promise<void> {
  const started = performance.now();
  return traced(async (trace) => {
    let outcome: object = { outcome: 'failed' };
    try {
      const did = await run(context);
      outcome = did ? { outcome: 'done', ...did } : { outcome: 'elsewhere' };
    } finally {
      const { redis_calls, cosmos_calls, ru, degraded } = trace;
      const seen = { degraded: [...degraded], redis_calls, cosmos_calls, ru: Math.round(ru) };
      context.log('info', 'tick', { timer: name, ...outcome, ms: Math.round(performance.now() - started), ...seen });
    }
  });
}
