import type { RegisteredFunction } from './functions-core.ts';
import type { Binding } from './worker-protocol.ts';

export interface HostFunction extends RegisteredFunction {
  name: string;
  triggerName: string;
  trigger: Binding;
  /** Lower case: `httptrigger`, `queuetrigger` or `timertrigger`. */
  kind: string;
  isDisabled: boolean;
}

const NAME = /^[a-z][a-z0-9_-]{0,127}$/i;
const TRIGGERS = new Set(['httptrigger', 'queuetrigger', 'timertrigger']);
const OUTPUTS = new Set(['http', 'queue']);

/** The registered functions in the order the real host handles them, by name. Throws on what no host or not this host can run. */
export function indexFunctions(registered: Iterable<RegisteredFunction>, env: Record<string, string | undefined>): HostFunction[] {
  const functions = [...registered].map((fn) => describeFunction(fn, env));
  return functions.sort((a, b) => compareNames(a.name, b.name));
}

function describeFunction(fn: RegisteredFunction, env: Record<string, string | undefined>): HostFunction {
  const { name, bindings } = fn.metadata;
  if (!NAME.test(name) || name.toLowerCase() === 'host') throw new Error(`'${name}' is not a valid function name.`);
  const [triggerName, trigger] = Object.entries(bindings).find(([, binding]) => /trigger$/i.test(binding.type)) ?? [];
  if (triggerName === undefined || trigger === undefined) throw new Error(`The '${name}' function has no trigger.`);
  for (const binding of Object.values(bindings)) refuseUnsupported(name, binding);
  if (fn.metadata.retryOptions) throw new Error(`The '${name}' function: retry options are not supported by this development host`);
  return { ...fn, name, triggerName, trigger, kind: trigger.type.toLowerCase(), isDisabled: isDisabled(name, env) };
}

function refuseUnsupported(name: string, { type, direction }: Binding): void {
  const kind = type.toLowerCase();
  const isSupported = /trigger$/.test(kind) ? TRIGGERS.has(kind) : direction === 'out' && OUTPUTS.has(kind);
  if (!isSupported) {
    throw new Error(`The '${name}' function: binding type ${type} (${direction}) is not supported by this development host`);
  }
}

function isDisabled(name: string, env: Record<string, string | undefined>): boolean {
  const setting = env[`AzureWebJobs.${name}.Disabled`] ?? env[`AzureWebJobs_${name}_Disabled`] ?? '';
  return ['1', 'true'].includes(setting.toLowerCase());
}

function compareNames(a: string, b: string): number {
  const left = a.toLowerCase();
  const right = b.toLowerCase();
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
