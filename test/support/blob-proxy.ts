import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

interface Fault {
  /** Answered instead of asking: 503 is what Blob Storage says when it throttles. */
  status?: number;
  delayMs?: number;
  /** How many requests it hits; all until it is cleared when left out. */
  times?: number;
}

const BUSY = '<?xml version="1.0" encoding="utf-8"?><Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>';

/** Azurite with faults: a server before it that is slow or busy when told so, and else passes everything on. */
export async function startBlobProxy(connectionString: string) {
  const upstream = /BlobEndpoint=(http:[^;]+)/.exec(connectionString)?.[1] ?? '';
  const { hostname, port } = new URL(upstream);
  let fault: Fault | undefined;
  let hits = 0;

  function passOn(incoming: IncomingMessage, response: ServerResponse): void {
    const { method, url, headers } = incoming;
    const outgoing = request({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  }

  const server = createServer(async (incoming, response) => {
    const struck = fault;
    if (!struck || hits >= (struck.times ?? Number.POSITIVE_INFINITY)) return passOn(incoming, response);
    hits++;
    if (struck.delayMs) await pause(struck.delayMs);
    if (!struck.status) return passOn(incoming, response);
    incoming.resume();
    response.writeHead(struck.status, { 'content-type': 'application/xml', 'x-ms-error-code': 'ServerBusy' }).end(BUSY);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    connectionString: connectionString.replace(upstream, upstream.replace(`http://${hostname}:${port}`, own)),
    strike(next: Fault) {
      [fault, hits] = [next, 0];
    },
    clear() {
      fault = undefined;
    },
    /** Requests that the present fault has hit. */
    hits: () => hits,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
export type BlobProxy = Awaited<ReturnType<typeof startBlobProxy>>;
