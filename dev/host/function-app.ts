import { setTimeout as pause } from 'node:timers/promises';
import { createAdmin } from './admin.ts';
import type { HostArguments } from './arguments.ts';
import type { HostFunction } from './functions.ts';
import { createHooks } from './hooks.ts';
import { readHostSettings } from './host-settings.ts';
import { createDispatch } from './http-dispatch.ts';
import { listenHttp } from './http-server.ts';
import { createInvoker } from './invoke.ts';
import { createKeys } from './keys.ts';
import { loadApp } from './load-app.ts';
import { createLog } from './log.ts';
import { createQueueClients } from './queue-clients.ts';
import { createQueueOutputs } from './queue-outputs.ts';
import { createRoutes, type RouteTable } from './routes.ts';
import { outOfTurn, startTriggers } from './triggers.ts';

export interface FunctionApp {
  port: number;
  /** Takes no more work, lets what runs finish and runs the appTerminate hooks. */
  stop(): Promise<void>;
}

const DRAIN_MS = 10_000;
const RECYCLE_MS = 2000;
const DEFAULT_MAX_BODY_BYTES = 104_857_600;

/**
 * Loads the app under `root` and serves it. Rejects with the app's or the settings' own error. `onTimeout` is called
 * when a function ran into the time limit: this process then has to be replaced.
 */
export async function startFunctionApp(args: HostArguments, onTimeout: () => void): Promise<FunctionApp> {
  const { root, isQuiet, isVerbose, isAuthEnabled } = args;
  const { env } = process;
  const started = performance.now();
  const hooks = createHooks();
  const log = createLog(hooks, { isQuiet, isVerbose });
  const settings = readHostSettings(root);
  const server = await listenHttp(args.port);
  env.WEBSITE_HOSTNAME ??= `localhost:${server.port}`;
  const { registry, functions } = await loadApp({ root, hooks, log, env, only: settings.onlyFunctions });

  const routes = createRoutes(functions, settings.routePrefix);
  const clients = usesQueues(functions) ? await createQueueClients(env) : undefined;
  const invoker = createInvoker({
    registry,
    hooks,
    log,
    timeoutMs: settings.functionTimeoutMs,
    sendOutputs: createQueueOutputs({ functions, clients, isBase64: settings.queues.isBase64, env }),
    onTimeout: () => void recycle(),
  });
  const runNow = (fn: HostFunction, input: string) => void invoker.invoke(fn, outOfTurn(fn, input)).catch(() => undefined);
  const keys = createKeys(isAuthEnabled, env);
  const admin = createAdmin({ functions, keys, baseUrl: `http://localhost:${server.port}`, runNow });
  const maxBodyBytes = Number(env.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT ?? DEFAULT_MAX_BODY_BYTES);
  server.open(createDispatch({ routes, invoker, keys, admin, maxBodyBytes }));

  const triggers = startTriggers({ functions, invoker, clients, options: settings.queues, log, root, env });

  async function drain(limitMs: number): Promise<void> {
    const drained = Promise.all([server.close(), triggers.stop(), invoker.idle()]);
    await Promise.race([drained, pause(limitMs, undefined, { ref: false })]);
  }

  /** The whole worker goes when one function ran out of time: what else was running fails with it. */
  async function recycle(): Promise<void> {
    invoker.failAll(new Error('The worker process was stopped because of a function timeout.'));
    await drain(RECYCLE_MS);
    onTimeout();
  }

  listFunctions(functions, routes, server.port).forEach(log.host);
  if (keys.isEnabled) log.host(keys.describe());
  log.host(`Host started (${Math.round(performance.now() - started)}ms) on http://localhost:${server.port}`);

  return {
    port: server.port,
    async stop() {
      await drain(DRAIN_MS);
      await hooks.run('appTerminate', hooks.appContext());
      log.host('Host stopped');
    },
  };
}

function listFunctions(functions: HostFunction[], { routes }: RouteTable, port: number): string[] {
  return functions.map((fn) => {
    const route = routes.find((candidate) => candidate.fn === fn);
    const where = route ? `[${route.methods?.join(',') ?? 'all'}] http://localhost:${port}/${route.path}` : fn.trigger.type;
    return `\t${fn.name}: ${where}${fn.isDisabled ? ' (disabled)' : ''}`;
  });
}

function usesQueues(functions: HostFunction[]): boolean {
  const bindings = functions.flatMap(({ metadata }) => Object.values(metadata.bindings));
  return bindings.some(({ type }) => type.toLowerCase().startsWith('queue'));
}
