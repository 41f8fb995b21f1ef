import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostFunction } from './functions.ts';
import { HOST_VERSION } from './host-version.ts';
import { sendStatus } from './http-response.ts';
import type { Keys } from './keys.ts';

export type AdminHandler = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

interface AdminOptions {
  functions: HostFunction[];
  keys: Keys;
  baseUrl: string;
  /** Runs a queue or timer function out of turn. */
  runNow: (fn: HostFunction, input: string) => void;
}

const FUNCTION_PATH = /^\/admin\/functions\/([^/]+)(\/status)?$/i;

/** The part of the host's admin API that local tools use. Only ping is open when keys are enabled. */
export function createAdmin({ functions, keys, baseUrl, runNow }: AdminOptions): AdminHandler {
  const describe = (fn: HostFunction) => describeFunction(fn, baseUrl);

  async function answerFunction(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const [, name = '', status] = FUNCTION_PATH.exec(path) ?? [];
    const fn = functions.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (!fn) return sendStatus(response, 404);
    if (request.method === 'GET') return sendJson(response, status ? { isDisabled: fn.isDisabled } : describe(fn));
    if (status || request.method !== 'POST') return sendStatus(response, 404);

    const input = await readInput(request);
    if (input === undefined || fn.kind === 'httptrigger') return sendStatus(response, 400);
    runNow(fn, input);
    sendStatus(response, 202);
  }

  return async (request, response, path) => {
    const endpoint = `${request.method} ${path.toLowerCase()}`;
    if (endpoint === 'GET /admin/host/ping' || endpoint === 'POST /admin/host/ping') return sendStatus(response, 200);
    if (!keys.isMaster(request)) return sendStatus(response, 401);
    if (endpoint === 'GET /admin/host/status') return sendJson(response, hostStatus());
    if (endpoint === 'GET /admin/functions') return sendJson(response, functions.map(describe));
    return answerFunction(request, response, path);
  };
}

function hostStatus() {
  return { state: 'Running', version: HOST_VERSION, processUptime: Math.round(process.uptime() * 1000) };
}

function describeFunction({ name, metadata, kind, trigger, isDisabled }: HostFunction, baseUrl: string) {
  const bindings = Object.entries(metadata.bindings).map(([bindingName, binding]) => ({ ...binding, name: bindingName }));
  const route = String(trigger.route || name);
  return {
    name,
    href: `${baseUrl}/admin/functions/${name}`,
    invoke_url_template: kind === 'httptrigger' ? `${baseUrl}/${route}` : undefined,
    language: 'node',
    config: { name, bindings },
    isDisabled,
  };
}

async function readInput(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof body !== 'object' || body === null) return undefined;
    const input: unknown = 'input' in body ? body.input : undefined;
    return typeof input === 'string' ? input : JSON.stringify(input ?? '');
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}
