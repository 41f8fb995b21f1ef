import { build } from './build.ts';
import { chooseHost, type Host, type RunningApp } from './launch/app.ts';
import { portNumber } from './launch/arguments.ts';
import { LaunchError } from './launch/error.ts';
import { freePort, isFree } from './launch/ports.ts';
import { readyScreen } from './launch/screen.ts';
import { type LaunchSession, launch, ROOT } from './launch/session.ts';
import { modelName } from './launch/settings.ts';

const USUAL_PORT = 7071;

await launch(async (session) => {
  const { args, chosen, tiers, data } = session;
  const [host, port] = await Promise.all([chooseHost(args.host, process.env), appPort(session), build({ root: ROOT })]);
  const app = await keepApp(session, { host, port });
  const model = modelName(chosen);
  const took = performance.now(); // counts from the start of the process
  console.log(readyScreen({ url: app.url, host: host.line, tiers: tiers.lines, model, data: data.directory, took }));
});

/** `--port`, else the setting PORT, else 7071, else a free one. A port that was asked for and is taken is an error. */
async function appPort({ args, chosen }: LaunchSession): Promise<number> {
  const asked = args.port ?? portNumber(chosen.PORT);
  if (!asked) return freePort(asked ?? USUAL_PORT);
  if (await isFree(asked)) return asked;
  throw new LaunchError(`Port ${asked} is taken. Choose another with --port, or leave it out for a free one.`);
}

/** Runs the app and ends the launcher when it dies by itself; with `--watch` a new build takes its place. */
async function keepApp(
  { args, chosen, tiers, onStop, end }: LaunchSession,
  { host, port }: { host: Host; port: number },
): Promise<RunningApp> {
  const env = {
    ...(process.env as Record<string, string>),
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    ...chosen,
    ...tiers.settings,
  };
  let expected = false;
  const start = async (): Promise<RunningApp> => {
    const started = await host.start({ root: ROOT, port, env });
    void started.exited.then(() => {
      if (!expected) void end('The app ended by itself: stopping the rest.', 1);
    });
    return started;
  };
  const stop = async () => {
    expected = true;
    await app.stop();
  };
  let app = await start();
  onStop(stop);
  if (args.watch) await watch({ onStop, restart });
  return app;

  async function restart() {
    await stop();
    expected = false;
    app = await start();
    console.log('The app runs with your change.');
  }
}

interface Watch {
  onStop: LaunchSession['onStop'];
  restart: () => Promise<void>;
}

async function watch({ onStop, restart }: Watch): Promise<void> {
  let restarting = Promise.resolve();
  const onRebuild = (errors: string[]) => {
    if (errors.length > 0) return console.error(`Not restarted:\n${errors.join('\n')}`);
    restarting = restarting.then(restart);
  };
  const watching = await build({ root: ROOT, watch: true, onRebuild });
  onStop(async () => {
    await watching.stop();
    await restarting;
  });
}
