import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Config } from '../src/lib/config.ts';
import { createServices } from '../src/lib/services.ts';
import { appSettings, runCommand, UsageError } from './command.ts';
import { runCycle } from './worker/cycle.ts';
import { createScreen } from './worker/screen.ts';

const HELP = `Does by hand, in this process, what timers and queues do in the app: sweeps, runs the jobs that wait, deletes what is past
its time.

  npm run worker -- --run-once
  npm run worker -- --interval 30 [--retention-days 60]

  --run-once          one round, then the end
  --interval N        a round every N seconds until Ctrl+C, which lets the job that runs finish
  --retention-days N  keep raw transcripts N days (1 to 365) instead of RAW_RETENTION_DAYS, and see to it in the first round

Retention otherwise runs when its CLEANUP_INTERVAL_HOURS are over. An app may run at the same time: leases see to it that
everything is done once.

The stores are those of the app's own settings: the environment, then local.settings.json, then the local stack at its usual
ports. When "npm start" says that a stand-in has another port, set COSMOS_ENDPOINT and REDIS_URL to those addresses.`;

const OPTIONS = {
  'run-once': { type: 'boolean', default: false },
  interval: { type: 'string' },
  'retention-days': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** A command line that says nothing we do. */
interface Asked {
  everySeconds?: number;
  retentionDays?: string;
}

/** What the command line asks for; undefined when it asks for help. Throws a UsageError. */
function askedOf(args: string[]): Asked | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const { interval, 'run-once': once, 'retention-days': retentionDays } = values;
  if (once === (interval !== undefined)) throw new UsageError('say either --run-once or --interval N');
  if (interval !== undefined && !/^[1-9]\d{0,4}$/.test(interval)) throw new UsageError(`--interval takes seconds (seen: ${interval})`);
  return { everySeconds: interval === undefined ? undefined : Number(interval), retentionDays };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The app's own settings; only what goes wrong is logged. */
function settings({ retentionDays }: Asked): Config {
  const over: Record<string, string> = retentionDays === undefined ? {} : { RAW_RETENTION_DAYS: retentionDays };
  return appSettings({ under: { LOG_LEVEL: 'warn' }, over });
}

async function run(asked: Asked): Promise<void> {
  const services = createServices(settings(asked));
  const screen = createScreen({ isTTY: process.stdout.isTTY === true, write: (text) => process.stdout.write(text) });
  const stopping = new AbortController();
  const stop = () => {
    if (stopping.signal.aborted) process.exit(130); // asked twice
    screen.note('stopping after this job; once more ends at once');
    stopping.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const stopped = () => stopping.signal.aborted;
  let retainNow = asked.retentionDays !== undefined;
  try {
    do {
      const ran = await runCycle(services, { watcher: screen, stopped, retainNow });
      screen.note(`${ran} ${ran === 1 ? 'job' : 'jobs'} run`);
      retainNow = false;
    } while (asked.everySeconds !== undefined && !stopped() && (await waited(asked.everySeconds, stopping.signal)));
  } finally {
    await services.close();
  }
}

/** Waits; false when it was told to stop meanwhile. */
const waited = (seconds: number, signal: AbortSignal): Promise<boolean> => pause(seconds * 1000, true, { signal }).catch(() => false);

await runCommand(HELP, async () => {
  const asked = askedOf(process.argv.slice(2));
  if (asked) await run(asked);
  else console.log(HELP);
});
