import { join } from 'node:path';
import { resolveSettingNames } from './app-settings.ts';
import type { HostFunction } from './functions.ts';
import type { QueueOptions } from './host-settings.ts';
import type { Invocation, Invoker } from './invoke.ts';
import type { Listener } from './listener.ts';
import type { Log } from './log.ts';
import type { QueueClients } from './queue-clients.ts';
import { listenToQueue } from './queue-listener.ts';
import { createMessageProcessor } from './queue-processor.ts';
import { listenToTimer, timerInfo } from './timer-listener.ts';

interface TriggerOptions {
  functions: HostFunction[];
  invoker: Invoker;
  clients: QueueClients | undefined;
  options: QueueOptions;
  log: Log;
  root: string;
  env: Record<string, string | undefined>;
}

const POISON = '-poison';

/** Starts what calls the queue and timer functions. Throws for a queue name, connection or schedule that is wrong. */
export function startTriggers({ functions, invoker, clients, options, log, root, env }: TriggerOptions): Listener {
  const directory = join(root, '.devhost', 'timers');

  function start(fn: HostFunction): Listener | undefined {
    if (fn.isDisabled) return undefined;
    if (fn.kind === 'timertrigger') return listenToTimer({ fn, invoker, directory, env });
    if (fn.kind === 'queuetrigger' && clients) return startQueue(fn, clients);
    return undefined;
  }

  function startQueue(fn: HostFunction, queues: QueueClients): Listener {
    const { queueName, connection } = fn.trigger as { queueName?: string; connection?: string };
    const name = resolveSettingNames(String(queueName), env);
    const queue = queues.get(name, connection);
    const poisonQueue = name.endsWith(POISON) ? undefined : queues.get(`${name}${POISON}`, connection);
    const process = createMessageProcessor({ fn, queue, poisonQueue, clients: queues, invoker, log, options });
    return listenToQueue({ queue, clients: queues, process, options, log });
  }

  const listeners = functions.map((fn) => inError(fn, () => start(fn)));
  return {
    async stop() {
      await Promise.all(listeners.map((listener) => listener?.stop()));
    },
  };
}

/** What a queue or timer function is given when the admin API runs it. */
export function outOfTurn(fn: HostFunction, input: string): Invocation {
  return { data: fn.kind === 'timertrigger' ? timerInfo({ isPastDue: false, status: undefined }) : { string: input } };
}

function inError<T>(fn: HostFunction, start: () => T): T {
  try {
    return start();
  } catch (error) {
    throw new Error(`The '${fn.name}' function is in error: ${(error as Error).message}`, { cause: error });
  }
}
