import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ConfigError } from '../src/lib/config/error.ts';
import { type Config, loadConfig } from '../src/lib/config.ts';
import { createServices } from '../src/lib/services.ts';
import { readSettingsFile } from './launch/settings.ts';
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
class UsageError extends Error {}

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

/** The settings of the app as a Functions host would hand them to it; only what goes wrong is logged. */
function settings({ retentionDays }: Asked): Config {
  const file = readSettingsFile(join(process.cwd(), 'local.settings.json'));
  const chosen = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value));
  const own = retentionDays === undefined ? {} : { RAW_RETENTION_DAYS: retentionDays };
  return loadConfig({ AZURE_FUNCTIONS_ENVIRONMENT: 'Development', LOG_LEVEL: 'warn', ...file, ...chosen, ...own });
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

function report(error: unknown): void {
  const [line = ''] = (error as Error).message.split('\n');
  if (error instanceof UsageError) console.error(`${line}\n\n${HELP}`);
  else console.error(error instanceof ConfigError ? error.message : line);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

try {
  const asked = askedOf(process.argv.slice(2));
  if (asked) await run(asked);
  else console.log(HELP);
} catch (error) {
  report(error);
}
