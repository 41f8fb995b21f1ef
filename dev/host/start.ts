import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { COMPILE_CACHE } from './compile-cache.ts';

export interface HostOptions {
  /** The function app: host.json, package.json. */
  root: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** App settings; they win over local.settings.json. */
  env?: Record<string, string>;
  quiet?: boolean;
  enableAuth?: boolean;
  /** Called for each line that the host or the app prints. */
  onLine?: (line: string) => void;
}

export interface RunningHost {
  port: number;
  /** `http://127.0.0.1:PORT` */
  url: string;
  pid: number;
  /** SIGTERM; resolves when everything has ended. */
  stop(): Promise<void>;
  /** SIGKILL to the host and the app at once; resolves when both are gone. */
  kill(): Promise<void>;
  exited: Promise<number | null>;
}

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Starts the development host in processes of its own. Rejects with what it printed when the app does not start. */
export async function startHost({ root, port = 0, env = {}, quiet, enableAuth, onLine }: HostOptions): Promise<RunningHost> {
  const flags = [quiet && '--quiet', enableAuth && '--enableAuth'].filter((flag) => typeof flag === 'string');
  const child = spawn(process.execPath, [MAIN, '--root', root, '--port', String(port), ...flags], {
    env: { ...COMPILE_CACHE, ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true, // A process group of its own, so that one signal reaches the host and the app.
  });
  const exited = once(child, 'close').then(() => child.exitCode);

  const errors: string[] = [];
  let isReady = false;
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      if (!isReady && stream === child.stderr) errors.push(line);
      onLine?.(line);
    });
  }

  const ready = await Promise.race([once(child, 'message'), exited.then(() => undefined)]);
  if (!ready) throw new Error(`The development host did not start:\n${errors.join('\n')}`);
  isReady = true;
  const [message] = ready as [{ port: number }];
  const pid = child.pid ?? 0;
  return {
    port: message.port,
    url: `http://127.0.0.1:${message.port}`,
    pid,
    exited,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
    async kill() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
      await exited;
    },
  };
}
