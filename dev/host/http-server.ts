import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendStatus } from './http-response.ts';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface HttpServer {
  port: number;
  /** From now on requests are answered; those that came earlier have waited. */
  open(handler: RequestHandler): void;
  /** Takes no more connections. Resolves when the last one is gone. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 130_000; // Kestrel's; shorter than a client's pool means resets in the middle of a test.
const MAX_HEADER_BYTES = 32 * 1024;
const SWEEP_MS = 10;
const LOOPBACK = '127.0.0.1';

/** Listens on loopback; port 0 takes a free one. Rejects when the port is taken. */
export async function listenHttp(port: number): Promise<HttpServer> {
  const opened = Promise.withResolvers<RequestHandler>();
  let handle: RequestHandler = async (request, response) => {
    const handler = await opened.promise;
    return handler(request, response);
  };

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 0 });
  server.on('request', (request, response) => {
    handle(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else sendStatus(response, 500);
    });
  });
  server.listen(port, LOOPBACK);
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    open(handler) {
      handle = handler;
      opened.resolve(handler);
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      // A connection that was busy at that moment would otherwise stay for its keep-alive time.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      await closed;
      clearInterval(sweep);
    },
  };
}
