import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RunningApp, StartApp } from './app.ts';
import { LaunchError } from './error.ts';
import { anyFreePort } from './ports.ts';

const OLDEST = [4, 0, 5382] as const;
const VERSION_TIMEOUT_MS = 10_000;
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 200;
const STOP_TIMEOUT_MS = 15_000;

/** Azure Functions Core Tools as found on the PATH; `usable` when recent enough for us. */
export interface CoreTools {
  path: string;
  version: string;
  usable: boolean;
}

/** Looks for `func` on the PATH and asks for its version; undefined when there is none or it does not answer. */
export async function findFunc(env: NodeJS.ProcessEnv): Promise<CoreTools | undefined> {
  const names = process.platform === 'win32' ? ['func.exe'] : ['func'];
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const path = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
  if (!path) return undefined;
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: VERSION_TIMEOUT_MS });
    const version = stdout.trim();
    return { path, version, usable: isRecent(version) };
  } catch {
    return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isRecent(version: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, oldest] of OLDEST.entries()) {
    const part = parts[index] ?? 0;
    if (part !== oldest) return part > oldest;
  }
  return true;
}

/** The oldest version that has what we use, for messages. */
export const OLDEST_FUNC = OLDEST.join('.');

/**
 * Starts `func start` and waits until its status endpoint says that it runs. It runs on a leash: a small process of ours
 * that ends it when the launcher is gone, even after SIGKILL.
 */
export async function startFunc(tools: CoreTools, { root, port: asked, env }: StartApp): Promise<RunningApp> {
  const port = asked || (await anyFreePort());
  const args = [tools.path, 'start', '--port', String(port)];
  const leash = fork(join(import.meta.dirname, 'leash.ts'), args, { cwd: root, env, detached: true, execArgv: [] });
  const exited = once(leash, 'exit').then(([code, signal]) => ({ code, signal }));
  const url = `http://127.0.0.1:${port}`;
  let running = true;
  void exited.then(() => {
    running = false;
  });

  const stop = async () => {
    if (running) leash.kill('SIGTERM');
    const late = setTimeout(() => leash.disconnect(), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(late);
  };

  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (running && !(await isRunning(url))) {
    if (Date.now() > deadline) {
      await stop();
      throw new LaunchError(`func was not ready after ${READY_TIMEOUT_MS / 1000} s.`);
    }
    await pause(READY_POLL_MS);
  }
  if (!running) throw new LaunchError('func ended before the app was ready; its output above says why.');
  return { url, pid: leash.pid, stop, exited };
}

async function isRunning(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/admin/host/status`);
    const { state } = (await answer.json()) as { state?: string };
    return state === 'Running';
  } catch {
    return false;
  }
}
