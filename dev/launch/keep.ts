import { build } from '../build.ts';
import type { Host, RunningApp } from './app.ts';
import { portNumber } from './arguments.ts';
import { LaunchError } from './error.ts';
import { isFree, onFreePort } from './ports.ts';
import { type LaunchSession, ROOT } from './session.ts';
import type { Tiers } from './tiers.ts';

const USUAL_PORT = 7071;

interface Keep {
  host: Host;
  /** Undefined: the usual one or a free one. */
  port?: number;
  tiers: Tiers;
}

/**
 * Runs the app until the launcher stops, and stops the launcher when the app dies by itself. With `--watch` each new
 * build takes the place of the running app, at the same address.
 */
export async function keepApp(session: LaunchSession, { host, port, tiers }: Keep): Promise<RunningApp> {
  const { args, chosen, onStop, end } = session;
  const env = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    ...chosen, // the environment of this process among it
    ...tiers.settings,
  };
  const stopped = new WeakSet<RunningApp>();

  const startAt = async (place: number): Promise<RunningApp> => {
    const app = await host.start({ root: ROOT, port: place, env });
    void app.exited.then(() => {
      if (!stopped.has(app)) void end('The app ended by itself: stopping the rest.', 1);
    });
    return app;
  };

  let app = port === undefined ? await onFreePort(USUAL_PORT, startAt) : await startAt(port);
  const stop = async () => {
    stopped.add(app);
    await app.stop();
  };
  onStop(stop);

  if (args.watch) {
    const place = Number(new URL(app.url).port);
    const stopWatching = await watch(async () => {
      await stop();
      app = await startAt(place);
    });
    onStop(stopWatching);
  }
  return app;
}

/** `--port`, else the setting PORT, else undefined. A port that was asked for and is taken is an error. */
export async function askedPort({ args, chosen }: LaunchSession): Promise<number | undefined> {
  const asked = args.port ?? portNumber(chosen.PORT);
  if (!asked || (await isFree(asked))) return asked;
  throw new LaunchError(`Port ${asked} is taken. Choose another with --port, or leave it out for a free one.`);
}

/** Calls `restart` after each build, one at a time. An app that does not start waits for the next change. */
async function watch(restart: () => Promise<void>): Promise<() => Promise<void>> {
  let restarting = Promise.resolve();

  const report = async () => {
    try {
      await restart();
      console.log('The app runs with your change.');
    } catch (error) {
      console.error(`The app does not start with your change: ${(error as Error).message}`);
    }
  };
  const onRebuild = (errors: string[]) => {
    if (errors.length > 0) console.error(`Your change does not build:\n${errors.join('\n')}`);
    else restarting = restarting.then(report);
  };

  const watching = await build({ root: ROOT, watch: true, onRebuild });
  return async () => {
    await watching.stop();
    await restarting;
  };
}
