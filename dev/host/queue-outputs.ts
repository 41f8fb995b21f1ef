import type { QueueClient } from '@azure/storage-queue';
import { resolveSettingNames } from './app-settings.ts';
import type { HostFunction } from './functions.ts';
import type { QueueClients } from './queue-clients.ts';
import { encodeMessage } from './queue-text.ts';
import type { InvocationResponse, TypedData } from './worker-protocol.ts';

type SendOutputs = (fn: HostFunction, response: InvocationResponse) => Promise<void>;

interface QueueOutput {
  bindingName: string;
  queue: QueueClient;
}

interface OutputOptions {
  functions: HostFunction[];
  clients: QueueClients | undefined;
  isBase64: boolean;
  env: Record<string, string | undefined>;
}

const RETURN = '$return';

/** What sends a function's queue outputs, after its handler and hooks. Throws for a queue name that does not resolve. */
export function createQueueOutputs({ functions, clients, isBase64, env }: OutputOptions): SendOutputs {
  if (!clients) return async () => undefined;
  const outputs = new Map(functions.map((fn) => [fn.id, outputsOf(fn)]));

  function outputsOf({ metadata }: HostFunction): QueueOutput[] {
    const bindings = Object.entries(metadata.bindings);
    const queues = bindings.filter(([, { direction, type }]) => direction === 'out' && type.toLowerCase() === 'queue');
    return queues.map(([bindingName, { queueName, connection }]) => ({
      bindingName,
      queue: (clients as QueueClients).get(resolveSettingNames(String(queueName), env), connection as string | undefined),
    }));
  }

  return async (fn, { returnValue, outputData }) => {
    for (const { bindingName, queue } of outputs.get(fn.id) ?? []) {
      const data = bindingName === RETURN ? returnValue : outputData?.find(({ name }) => name === bindingName)?.data;
      for (const content of messagesOf(data)) await clients.send(queue, encodeMessage(content, isBase64));
    }
  };
}

/** One message, or one for each element when the value is a JSON array, also one written as a string. */
function messagesOf(data: TypedData | null | undefined): (string | Uint8Array)[] {
  if (!data) return [];
  if (data.bytes) return [data.bytes];
  const text = data.string ?? data.json ?? String(data.int ?? data.double ?? '');
  const elements = text.trimStart().startsWith('[') ? parseArray(text) : undefined;
  return elements?.map((element) => (typeof element === 'string' ? element : JSON.stringify(element))) ?? [text];
}

function parseArray(text: string): unknown[] | undefined {
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    return undefined;
  }
}
