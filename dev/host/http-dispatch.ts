import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdminHandler } from './admin.ts';
import { BodyTooLarge, decodePath, toRequestData } from './http-request.ts';
import { sendResponseData, sendStatus } from './http-response.ts';
import type { RequestHandler } from './http-server.ts';
import type { Invoker } from './invoke.ts';
import type { Keys } from './keys.ts';
import type { RouteTable } from './routes.ts';
import type { HttpResponseData } from './worker-protocol.ts';

interface DispatchOptions {
  routes: RouteTable;
  invoker: Invoker;
  keys: Keys;
  admin: AdminHandler;
  /** A longer body is a 413. */
  maxBodyBytes: number;
}

const WELCOME = '<!DOCTYPE html><html><body>Your Functions app is up and running on the development host.</body></html>';

/** Answers every request: routes go to their functions, /admin to the admin API, all else is 404. */
export function createDispatch({ routes, invoker, keys, admin, maxBodyBytes }: DispatchOptions): RequestHandler {
  const isRootTaken = routes.find('GET', '/') !== undefined;

  return async (request, response) => {
    const { method = 'GET', url = '/' } = request;
    const queryStart = url.indexOf('?');
    const path = decodePath(queryStart < 0 ? url : url.slice(0, queryStart));
    if (path === '/' && !isRootTaken) return welcome(response);
    if (/^\/admin\//i.test(path)) return admin(request, response, path);

    const found = routes.find(method, path);
    if (!found) return sendStatus(response, 404);
    const { fn, values } = found;
    const level = String(fn.trigger.authLevel ?? 'anonymous').toLowerCase();
    if (!keys.allows(request, level)) return sendStatus(response, 401);
    if (fn.isDisabled && !keys.isMaster(request)) return sendStatus(response, 404);

    const http = await toRequestData(request, values, maxBodyBytes).catch((error) => refuseBody(response, error));
    if (!http) return;
    const { traceparent } = request.headers;
    const result = await invoker.invoke(fn, { data: { http }, traceParent: first(traceparent) }).catch(() => undefined);
    if (!result) return sendStatus(response, 500);
    sendResponseData(response, result.returnValue?.http as HttpResponseData | undefined);
  };
}

function refuseBody(response: ServerResponse, error: unknown): undefined {
  if (error instanceof BodyTooLarge) sendStatus(response, 413);
  else response.destroy();
}

function first(header: IncomingMessage['headers'][string]): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function welcome(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html' }).end(WELCOME);
}
