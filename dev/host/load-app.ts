import { applyLocalSettings } from './app-settings.ts';
import { type HostFunction, indexFunctions } from './functions.ts';
import { type FunctionRegistry, installFunctionsCore } from './functions-core.ts';
import type { Hooks } from './hooks.ts';
import { loadEntryPoints } from './loader.ts';
import type { Log } from './log.ts';

interface LoadOptions {
  root: string;
  hooks: Hooks;
  log: Log;
  /** The process's own: the app reads its settings there. */
  env: Record<string, string | undefined>;
  /** host.json `functions`: the lower-case names of the only ones to run. */
  only: string[] | undefined;
}

export interface LoadedApp {
  registry: FunctionRegistry;
  functions: HostFunction[];
}

/** Loads the app's code with its settings in place and runs its appStart hooks; after that nothing can be registered. */
export async function loadApp({ root, hooks, log, env, only }: LoadOptions): Promise<LoadedApp> {
  for (const name of applyLocalSettings(root, env)) {
    log.host(`Skipping '${name}' from local settings as it's already defined in current environment variables.`);
  }
  env.AZURE_FUNCTIONS_ENVIRONMENT ??= 'Development';

  const registry = installFunctionsCore({ hooks, log: (level, category, message) => log.invocation({ level, category, message }) });
  await loadEntryPoints(root);
  await hooks.run('appStart', hooks.appContext({ functionAppDirectory: root }));
  const capabilities = await registry.model().getCapabilities?.({});
  if (capabilities?.HttpUri) throw new Error('HTTP streaming (enableHttpStream) is not supported by this development host');
  registry.lock();

  const functions = indexFunctions(registry.functions.values(), env);
  return { registry, functions: only ? functions.filter(({ name }) => only.includes(name.toLowerCase())) : functions };
}
