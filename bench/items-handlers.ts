import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpRequest, type HttpResponseInit } from '@azure/functions';
import { createHooks } from '../dev/host/hooks.ts';
import { toRequestData } from '../dev/host/http-request.ts';
import { loadApp } from '../dev/host/load-app.ts';

/**
 * The handlers of the app in the working directory behind node:http, with the Functions library's requests but without a host. Run as
 * a process of its own by `items.ts`.
 */
const quiet = { host: () => {}, invocation: () => {}, detail: () => {}, problem: () => {} } as never;
const { registry } = await loadApp({ root: process.cwd(), hooks: createHooks(), log: quiet, env: process.env, only: undefined });
const callbackOf = (name: string) => registry.functions.get(name)?.callback;
const [get, mget] = [callbackOf('item-get'), callbackOf('items-mget')];
const context = { traceContext: {} };

const server = createServer(async (request, response) => {
  const path = request.url?.split('?')[0] ?? '';
  const isMget = request.method === 'POST';
  const key = path.slice('/api/items/'.length);
  const data = await toRequestData(request, isMget ? {} : { key }, 100_000_000);
  const answer = (await (isMget ? mget : get)?.(new HttpRequest(data as never), context)) as HttpResponseInit;
  response.statusCode = answer.status ?? 200;
  response.setHeaders(new Map(Object.entries(answer.headers ?? {})));
  response.end(answer.body);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
