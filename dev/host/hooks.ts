import type { FunctionCallback, LogCategory, LogLevel } from './worker-protocol.ts';

type HookData = Record<string, unknown>;
type Hook = (context: object) => unknown;

const HOOK_NAMES = ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'] as const;
export type HookName = (typeof HOOK_NAMES)[number];

export interface Hooks {
  appHookData: HookData;
  add(name: string, hook: Hook): () => void;
  has(name: HookName): boolean;
  run(name: HookName, context: object): Promise<void>;
  runLog(context: object): void;
  appContext(properties?: object): object;
  invocationContext<T extends object>(scope: InvocationScope, properties: T): T;
  logContext(log: UserLog, scope: InvocationScope | undefined): UserLog;
}

/** What the hooks of one invocation share. */
export interface InvocationScope {
  hookData: HookData;
  context: unknown;
}

export interface UserLog {
  level: LogLevel;
  category: LogCategory;
  message: string;
}

export interface PreInvocation {
  inputs: unknown[];
  functionCallback: FunctionCallback;
}

/** An error that the library tells apart from those of the app. */
export function systemError(message: string, ErrorClass: new (message: string) => Error = Error): Error {
  return Object.assign(new ErrorClass(message), { isAzureFunctionsSystemError: true });
}

function readOnly(target: object, properties: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(target, name, {
      enumerable: true,
      get: () => value,
      set: () => {
        throw systemError(`Cannot assign to read only property '${name}'`, TypeError);
      },
    });
  }
}

/** The app's hooks, in the order of their registration, and the contexts they are called with. */
export function createHooks(): Hooks {
  const registered = new Map<string, Hook[]>(HOOK_NAMES.map((name) => [name, []]));
  const appHookData: HookData = {};
  const appLevelHookData: HookData = {};
  const of = (name: string) => registered.get(name) ?? [];

  return {
    appHookData,
    add(name, hook) {
      const hooks = registered.get(name);
      if (!hooks) throw systemError(`Unrecognized hook "${name}"`, RangeError);
      hooks.push(hook);
      return () => {
        const index = hooks.indexOf(hook);
        if (index >= 0) hooks.splice(index, 1);
      };
    },
    has: (name) => of(name).length > 0,
    async run(name, context) {
      for (const hook of of(name)) await hook(context);
    },
    runLog(context) {
      for (const hook of of('log')) hook(context);
    },
    appContext(properties = {}) {
      readOnly(properties, { hookData: appLevelHookData, appHookData });
      return properties;
    },
    invocationContext({ hookData, context }, properties) {
      readOnly(properties, { hookData, appHookData, invocationContext: context });
      return properties;
    },
    logContext({ level, category, message }, scope) {
      const context = { level, message };
      const hookData = scope?.hookData ?? appLevelHookData;
      readOnly(context, { category, hookData, appHookData, invocationContext: scope?.context });
      return context as UserLog;
    },
  };
}
