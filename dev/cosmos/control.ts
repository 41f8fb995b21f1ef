import type { IncomingMessage, ServerResponse } from 'node:http';
import { json as readJson } from 'node:stream/consumers';
import { z } from 'zod';
import type { CallLog } from './calls.ts';
import type { Fault, FaultRequest, Faults } from './faults.ts';

const Moment = z.enum(['before', 'after']);

const FaultBody = z.strictObject({
  kind: z.string().optional(),
  container: z.string().optional(),
  times: z.int().positive().optional(),
  action: z.union([
    z.strictObject({ status: z.int().min(400).max(599), retryAfterMs: z.int().min(0).optional(), substatus: z.int().optional() }),
    z.strictObject({ delayMs: z.int().min(0) }),
    z.strictObject({ hang: Moment }),
    z.strictObject({ drop: Moment }),
  ]),
});

/** The faults and the call log over HTTP, for tests in other processes. No key is asked for. */
export interface ControlSurface {
  handles(message: IncomingMessage): boolean;
  handle(message: IncomingMessage, response: ServerResponse): Promise<void>;
}

function reply(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

export function controlSurface({ faults, calls }: { faults: Faults; calls: CallLog }): ControlSurface {
  let set: { wanted: z.infer<typeof FaultBody>; fault: Fault }[] = [];

  async function addFault(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const result = FaultBody.safeParse(await readJson(message).catch(() => undefined));
    if (!result.success) return reply(response, 400, { message: z.prettifyError(result.error) });
    const { kind, container, times, action } = result.data;
    const match = (request: FaultRequest): boolean =>
      (kind === undefined || request.kind === kind) && (container === undefined || request.container === container);
    const fault = faults.add({ match, action, ...(times === undefined ? {} : { times }) });
    set.push({ wanted: result.data, fault });
    reply(response, 201, result.data);
  }

  return {
    handles: ({ url = '' }) => /^\/_(faults|calls)$/.test(url),
    async handle(message, response) {
      const wanted = `${message.method} ${message.url}`;
      if (wanted === 'POST /_faults') return addFault(message, response);
      if (wanted === 'GET /_faults') {
        const listed = set.map((each) => ({ ...each.wanted, hits: each.fault.hits }));
        return reply(response, 200, listed);
      }
      if (wanted === 'GET /_calls') return reply(response, 200, calls.all);
      if (wanted === 'DELETE /_faults') {
        faults.clear();
        set = [];
      } else if (wanted === 'DELETE /_calls') calls.reset();
      else return reply(response, 405, { message: `${wanted} is not a control request.` });
      reply(response, 204);
    },
  };
}
