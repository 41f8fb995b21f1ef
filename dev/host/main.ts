import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type HostArguments, parseArguments, USAGE } from './arguments.ts';
import { COMPILE_CACHE } from './compile-cache.ts';
import { RECYCLE_EXIT_CODE } from './recycle.ts';

const APP = fileURLToPath(new URL('./app.ts', import.meta.url));

// The real host gives up on an app whose worker keeps dying: three times within half an hour.
const MAX_CRASHES = 3;
const CRASH_WINDOW_MS = 30 * 60_000;
// The app's process gives its functions ten seconds to finish; one that does not even notice gets no more than this.
const STOP_MS = 20_000;

/** Keeps one process with the app in it running: replaces it after a function timeout or a crash, passes signals on. */
function supervise(args: HostArguments): void {
  let { port } = args;
  let isReady = false;
  let isStopping = false;
  let crashes: number[] = [];
  let app: ChildProcess = start();

  function start(): ChildProcess {
    const child = fork(APP, toArgv({ ...args, port }), { env: { ...COMPILE_CACHE, ...process.env } });
    child.on('message', (message: { type: 'ready'; port: number }) => {
      ({ port } = message);
      isReady = true;
      process.send?.(message);
    });
    child.on('exit', (code, signal) => {
      if (!isReady || isStopping) process.exit(code ?? 1);
      if (code !== RECYCLE_EXIT_CODE && isCrashLoop()) {
        process.stderr.write('The app keeps exiting; giving up.\n');
        process.exit(1);
      }
      process.stderr.write(`The app's process ended (${signal ?? `exit code ${code}`}); starting it again.\n`);
      app = start();
    });
    return child;
  }

  function isCrashLoop(): boolean {
    const now = Date.now();
    crashes = [...crashes.filter((at) => now - at < CRASH_WINDOW_MS), now];
    return crashes.length > MAX_CRASHES;
  }

  function stop(signal: NodeJS.Signals): void {
    if (isStopping && signal === 'SIGINT') app.kill('SIGKILL');
    isStopping = true;
    if (signal === 'SIGINT' && !args.isQuiet) process.stdout.write('Stopping; Ctrl+C again ends it at once.\n');
    setTimeout(() => app.kill('SIGKILL'), STOP_MS).unref();
    if (app.connected) app.send({ type: 'stop' });
  }

  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Started by the launcher or a test: without them there is nobody left to serve.
  process.on('disconnect', () => {
    isStopping = true;
    app.kill('SIGKILL');
  });
}

function toArgv({ root, port, isQuiet, isVerbose, isAuthEnabled }: HostArguments): string[] {
  const flags = [isQuiet && '--quiet', isVerbose && '--verbose', isAuthEnabled && '--enableAuth'];
  return ['--root', root, '--port', String(port), ...flags.filter((flag) => flag !== false)];
}

try {
  const { isHelp, ...args } = parseArguments(process.argv.slice(2));
  if (isHelp) process.stdout.write(`${USAGE}\n`);
  else supervise(args);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
  process.exitCode = 2;
}
