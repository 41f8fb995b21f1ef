import { existsSync, readFileSync } from 'node:fs';
import { HELP, type LaunchArguments, parseArguments } from './arguments.ts';
import { type DataDirectory, takeData } from './data.ts';
import { LaunchError } from './error.ts';
import { chosenSettings, configuredElsewhere, type Settings } from './settings.ts';
import { startTiers, type Tiers } from './tiers.ts';

const FORCE_AFTER_MS = 30_000;

/** What one run of the launcher has open. */
export interface LaunchSession {
  args: LaunchArguments;
  data: DataDirectory;
  chosen: Settings;
  /** Starts what is not configured elsewhere. */
  startTiers: () => Promise<Tiers>;
  /** Registers something to stop; the last registered stops first. */
  onStop: (stop: () => Promise<void>) => void;
  /** Stops everything and ends the process; `reason` is for the person at the terminal. */
  end: (reason: string, code: number) => Promise<never>;
}

/** The repository: npm runs a script in the folder of its package.json. */
export const ROOT = process.cwd();

/** Where `npm run services -- --write` remembers which values of local.settings.json are its own. */
export const WRITTEN = 'written-settings.json';

/**
 * Runs a launcher: takes the data directory, hands over to `run`, and ends everything in reverse order on SIGINT, SIGTERM or an error. A second signal changes nothing: a terminal and npm each send one for the same Ctrl+C.
 */
export async function launch(run: (session: LaunchSession) => Promise<void>): Promise<void> {
  const stops: (() => Promise<void>)[] = [];
  let ending: Promise<never> | undefined;

  const stopAll = async (reason: string, code: number): Promise<never> => {
    if (code === 0) console.log(`\n${reason}`);
    else console.error(`\n${reason}`);
    setTimeout(() => process.exit(1), FORCE_AFTER_MS).unref();
    let failed = false;
    for (const stop of stops.toReversed()) {
      await stop().catch((error) => {
        failed = true;
        console.error(error);
      });
    }
    if (code === 0 && !failed) console.log('Stopped; the data stays.');
    process.exit(failed ? 1 : code);
  };
  const end = (reason: string, code: number) => {
    ending ??= stopAll(reason, code);
    return ending;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(`${signal}: stopping`, 0));

  try {
    const args = parseArguments(process.argv.slice(2));
    if (args.help) {
      console.log(HELP);
      return;
    }
    const data = takeData(args.data, { reset: args.reset });
    stops.push(async () => data.release());
    const chosen = chosenSettings(ROOT, { env: process.env, written: writtenSettings(data) });
    const onStop = (stop: () => Promise<void>) => void stops.push(stop);
    await run({
      args,
      data,
      chosen,
      onStop,
      end,
      async startTiers() {
        const tiers = await startTiers({ data, chosen, elsewhere: configuredElsewhere(chosen) });
        onStop(tiers.stop);
        return tiers;
      },
    });
  } catch (error) {
    if (ending) await ending;
    await end(error instanceof LaunchError ? error.message : `Keepsake could not start: ${(error as Error).stack}`, 1);
  }
}

function writtenSettings(data: DataDirectory): Settings {
  const file = data.path(WRITTEN);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}
