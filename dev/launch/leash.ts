import { spawn } from 'node:child_process';

// Runs the command it is given and ends it when its parent goes away: func itself would outlive a killed launcher.
const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

child.on('error', () => process.exit(127));
child.on('exit', (code) => process.exit(code ?? 1));
process.on('disconnect', () => {
  child.kill('SIGKILL');
  process.exit(1);
});
// SIGTERM is ours to pass on; the terminal's SIGINT never gets here, because this is a process group of its own.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill('SIGINT'));
