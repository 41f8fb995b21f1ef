import { randomUUID } from 'node:crypto';
import type { HostFunction } from './functions.ts';
import type { FunctionRegistry } from './functions-core.ts';
import type { Hooks, InvocationScope } from './hooks.ts';
import type { Log } from './log.ts';
import type { CoreInvocationContext, InvocationModel, InvocationResponse, TypedData } from './worker-protocol.ts';

export interface Invocation {
  data: TypedData;
  triggerMetadata?: Record<string, TypedData>;
  /** The caller's W3C trace, which the invocation then belongs to. */
  traceParent?: string;
}

export interface Invoker {
  /** Runs a function with its hooks, time limit and output bindings; rejects when any of them failed, after logging it. */
  invoke(fn: HostFunction, invocation: Invocation): Promise<InvocationResponse>;
  /** Fails everything that is running, as when the worker process goes away. */
  failAll(reason: Error): void;
  /** Resolves when nothing is running. */
  idle(): Promise<void>;
}

export interface InvokerOptions {
  registry: FunctionRegistry;
  hooks: Hooks;
  log: Log;
  /** 0 means no limit. */
  timeoutMs: number;
  sendOutputs: (fn: HostFunction, response: InvocationResponse) => Promise<void>;
  onTimeout: () => void;
}

export function createInvoker({ registry, hooks, log, timeoutMs, sendOutputs, onTimeout }: InvokerOptions): Invoker {
  const running = new Map<string, (reason: Error) => void>();
  let whenIdle: (() => void)[] = [];

  function limited<T>(work: Promise<T>, { id, name }: { id: string; name: string }): Promise<T> {
    return new Promise((resolve, reject) => {
      running.set(id, reject);
      if (timeoutMs === 0) {
        work.then(resolve, reject);
        return;
      }
      const timer = setTimeout(() => {
        reject(new Error(`Timeout value of ${timeoutMs} ms was exceeded by function: Functions.${name}`));
        onTimeout();
      }, timeoutMs);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  function finished(id: string): void {
    running.delete(id);
    if (running.size > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  function coreContext(fn: HostFunction, { id, data, triggerMetadata = {}, traceParent }: Invocation & { id: string }) {
    const source: { functionName: string; scope?: InvocationScope } = { functionName: fn.name };
    const context: CoreInvocationContext = {
      invocationId: id,
      metadata: fn.metadata,
      request: {
        invocationId: id,
        functionId: fn.id,
        inputData: [{ name: fn.triggerName, data }],
        triggerMetadata,
        traceContext: { traceParent: traceParentOf(traceParent), traceState: '', attributes: {} },
      },
      log: (level, category, message) => log.invocation({ level, category, message }, source),
    };
    return { context, source };
  }

  async function run(fn: HostFunction, invocation: Invocation & { id: string }): Promise<InvocationResponse> {
    const { context, source } = coreContext(fn, invocation);
    const model = await registry.model().getInvocationModel(context);
    const { context: appContext, inputs } = await model.getArguments();
    const scope: InvocationScope = { hookData: {}, context: appContext };
    source.scope = scope;
    const result = await runWithHooks({ fn, model, context, scope, inputs });
    return model.getResponse(appContext, result);
  }

  interface Call {
    fn: HostFunction;
    model: InvocationModel;
    context: CoreInvocationContext;
    scope: InvocationScope;
    inputs: unknown[];
  }

  async function runWithHooks({ fn, model, context, scope, inputs }: Call): Promise<unknown> {
    if (!hooks.has('preInvocation') && !hooks.has('postInvocation')) return model.invokeFunction(scope.context, inputs, fn.callback);

    const before = hooks.invocationContext(scope, { inputs, functionCallback: fn.callback });
    context.state = 'preInvocationHooks';
    await hooks.run('preInvocation', before);

    const after = hooks.invocationContext(scope, { inputs: before.inputs, result: null as unknown, error: null as unknown });
    context.state = 'invocation';
    try {
      after.result = await model.invokeFunction(scope.context, before.inputs, before.functionCallback);
    } catch (error) {
      after.error = error ?? new Error('The function threw nothing');
    }

    context.state = 'postInvocationHooks';
    await hooks.run('postInvocation', after);
    context.state = undefined;
    if (after.error !== null && after.error !== undefined) throw after.error;
    return after.result;
  }

  return {
    async invoke(fn, invocation) {
      const id = randomUUID();
      const started = performance.now();
      const outcome = (word: string) => {
        const milliseconds = Math.round(performance.now() - started);
        return `Executed 'Functions.${fn.name}' (${word}, Id=${id}, Duration=${milliseconds}ms)`;
      };
      try {
        const response = await limited(run(fn, { ...invocation, id }), { id, name: fn.name });
        await sendOutputs(fn, response);
        log.detail(() => outcome('Succeeded'));
        return response;
      } catch (error) {
        log.problem(`${outcome('Failed')}\n${describe(error)}`);
        throw error;
      } finally {
        finished(id);
      }
    },
    failAll(reason) {
      for (const reject of [...running.values()]) reject(reason);
    },
    idle: () => (running.size === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function traceParentOf(caller: string | undefined): string {
  const isValid = caller !== undefined && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(caller);
  const trace = isValid ? caller.slice(3, 35) : randomUUID().replaceAll('-', '');
  const flags = isValid ? caller.slice(53) : '00';
  return `00-${trace}-${randomUUID().replaceAll('-', '').slice(16)}-${flags}`;
}
