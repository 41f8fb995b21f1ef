import type { HostKind } from './arguments.ts';
import { LaunchError } from './error.ts';
import { type CoreTools, findFunc, OLDEST_FUNC, startFunc } from './func.ts';
import type { Settings } from './settings.ts';

export interface StartApp {
  root: string;
  /** 0 takes a free one. */
  port: number;
  env: Settings;
}

export interface RunningApp {
  url: string;
  pid?: number;
  /** Ends it, giving what is in flight time to finish. */
  stop: () => Promise<void>;
  /** Resolves when the process is gone, for whatever reason. */
  exited: Promise<unknown>;
}

/** The host that will run the app: a line for the screen, and how to start it. */
export interface Host {
  line: string;
  start: (app: StartApp) => Promise<RunningApp>;
}

const DEV_LINE = 'the dev host of this repository, which is not the Azure Functions runtime (docs: dev/host/README.md)';

/** Azure Functions Core Tools when they are on the PATH and recent enough, unless `wanted` says otherwise. */
export async function chooseHost(wanted: HostKind | undefined, env: NodeJS.ProcessEnv): Promise<Host> {
  if (wanted === 'dev') return devHost(DEV_LINE);
  const tools = await findFunc(env);
  if (tools?.usable) return funcHost(tools);
  const found = tools ? `func ${tools.version} is older than ${OLDEST_FUNC}` : 'func is not on the PATH';
  if (wanted === 'func') throw new LaunchError(`--host func: ${found}. Install Azure Functions Core Tools ${OLDEST_FUNC} or later.`);
  return devHost(`${DEV_LINE}; ${found}`);
}

const funcHost = (tools: CoreTools): Host => ({
  line: `Azure Functions Core Tools ${tools.version}, the real runtime`,
  start: (app) => startFunc(tools, app),
});

/** The dev host's list of routes, printed at start as the real one does; the screen shall stay one screen. */
const LISTING = /^(\t|Functions:|Host started|$)/;

const devHost = (line: string): Host => ({
  line,
  async start({ root, port, env }) {
    const { startHost } = await import('../host/start.ts');
    const host = await startHost({ root, port, env, onLine: (line) => LISTING.test(line) || console.log(line) });
    return { url: host.url, pid: host.pid, stop: () => host.stop(), exited: host.exited };
  },
});
