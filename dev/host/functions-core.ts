import Module from 'node:module';
import { type Hooks, systemError } from './hooks.ts';
import { HOST_VERSION } from './host-version.ts';
import type { FunctionCallback, FunctionMetadata, LogCategory, LogLevel, ProgrammingModel } from './worker-protocol.ts';

export interface RegisteredFunction {
  id: string;
  metadata: FunctionMetadata;
  callback: FunctionCallback;
}

export interface FunctionRegistry {
  functions: Map<string, RegisteredFunction>;
  model(): ProgrammingModel;
  lock(): void;
}

type WriteLog = (level: LogLevel, category: LogCategory, message: string) => void;

class Disposable {
  #dispose: (() => unknown) | undefined;

  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }

  static from(...parts: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const part of parts) part.dispose();
    });
  }

  dispose(): void {
    const dispose = this.#dispose;
    this.#dispose = undefined;
    dispose?.();
  }
}

/**
 * Answers `require('@azure/functions-core')` in this process, which is how the Node.js worker supplies the module, and
 * collects what the app registers. `import` of that name fails here as it does there.
 */
export function installFunctionsCore({ hooks, log }: { hooks: Hooks; log: WriteLog }): FunctionRegistry {
  const functions = new Map<string, RegisteredFunction>();
  let model: ProgrammingModel | undefined;
  let isLocked = false;

  const core = {
    version: HOST_VERSION,
    hostVersion: HOST_VERSION,
    Disposable,
    log,
    getProgrammingModel: () => model,
    setProgrammingModel(next: ProgrammingModel) {
      model = next;
    },
    registerHook: (name: string, hook: (context: object) => unknown) => new Disposable(hooks.add(name, hook)),
    registerFunction(metadata: FunctionMetadata, callback: FunctionCallback) {
      if (isLocked) throw systemError('A function can only be registered during app startup.');
      const id = metadata.functionId ?? metadata.name;
      if (functions.has(id)) throw systemError(`A function with id "${id}" has already been registered.`);
      functions.set(id, { id, metadata: { ...metadata, functionId: id }, callback });
      return new Disposable(() => {
        if (isLocked) throw systemError('A function can only be disposed during app startup.');
        functions.delete(id);
      });
    },
  };

  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply(target, module, args: [string]) {
      return args[0] === '@azure/functions-core' ? core : Reflect.apply(target, module, args);
    },
  });

  return {
    functions,
    model() {
      if (!model) throw new Error('No programming model: the app does not load @azure/functions (version 4).');
      return model;
    },
    lock() {
      isLocked = true;
    },
  };
}
