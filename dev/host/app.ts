import { parseArguments } from './arguments.ts';
import { startFunctionApp } from './function-app.ts';
import { RECYCLE_EXIT_CODE } from './recycle.ts';

const SHUTDOWN_MS = 15_000;

// The process in which the app's own code runs. Its parent is main.ts, which it does not outlive.
process.on('disconnect', () => process.exit(1));

try {
  const app = await startFunctionApp(parseArguments(process.argv.slice(2)), () => process.exit(RECYCLE_EXIT_CODE));
  process.send?.({ type: 'ready', port: app.port });

  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    await app.stop();
    process.exit(0);
  };
  for (const event of ['message', 'SIGTERM', 'SIGINT']) process.on(event, stop);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
