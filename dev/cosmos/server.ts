import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, refusal } from './answer.ts';
import { authorize } from './auth.ts';
import { type CallLog, callLog } from './calls.ts';
import { openCatalog } from './catalog.ts';
import { controlSurface } from './control.ts';
import { type Faults, faultInjector } from './faults.ts';
import { type CosmosRequest, readRequest } from './request.ts';
import { route } from './router.ts';
import { type ContainerSpec, createContainers } from './start-containers.ts';
import { openStore } from './store.ts';
import { faultAnswer, survives } from './strike.ts';

export type { Call, CallKind, CallLog } from './calls.ts';
export type { Fault, FaultAction, FaultRequest, FaultSpec, Faults } from './faults.ts';
export type { ContainerSpec } from './start-containers.ts';

/** The key of every local server that is not given another one; the same as the one of Microsoft's emulator, so no secret. */
export const DEV_KEY = 'C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==';

export type Consistency = 'Strong' | 'BoundedStaleness' | 'Session' | 'ConsistentPrefix' | 'Eventual';

export interface CosmosOptions {
  /** 0, the default, takes a free port on 127.0.0.1. */
  port?: number;
  /** Path of the SQLite file; in memory without one. */
  file?: string;
  /** Base64 master key; DEV_KEY without one. */
  key?: string;
  /** Database of `containers`; `keepsake` without one. Both are created at start if absent. */
  database?: string;
  containers?: readonly ContainerSpec[];
  /** What the account says its default consistency is; every read is strong either way. `Strong` without one. */
  consistency?: Consistency;
  /** Opens `/_faults` and `/_calls` to other processes. */
  control?: boolean;
  /** The clock of `_ts` and of expiry, in milliseconds. */
  now?: () => number;
}

export interface CosmosServer {
  port: number;
  endpoint: string;
  key: string;
  faults: Faults;
  calls: CallLog;
  stop(): Promise<void>;
}

const KEEP_ALIVE_MS = 120_000; // longer than a client keeps an idle connection, so that we never close one under a request
const PRUNE_INTERVAL_MS = 30_000;

function send(response: ServerResponse, answer: Answer, headers: Record<string, string>): void {
  const body = answer.status === 204 || answer.status === 304 ? undefined : answer.text;
  const charge = String(answer.charge ?? 0);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const always = { 'content-type': 'application/json', 'x-ms-request-charge': charge, ...length };
  response.writeHead(answer.status, { ...always, ...headers, ...answer.headers });
  response.end(body);
}

/** Starts the stand-in on 127.0.0.1. Rejects when the port is taken or the file cannot be opened. */
export async function startCosmos(options: CosmosOptions = {}): Promise<CosmosServer> {
  const { key = DEV_KEY, consistency = 'Strong', now = Date.now } = options;
  const store = openStore(options.file);
  const catalog = openCatalog(store);
  createContainers(catalog, options);
  const faults = faultInjector();
  const calls = callLog();
  const control = options.control === true ? controlSurface({ faults, calls }) : undefined;
  let endpoint = '';
  let stopping: Promise<void> | undefined;

  const record = ({ kind, database, container, partition, id, body }: CosmosRequest, status: number): void => {
    const operations = kind === 'batch' && Array.isArray(body) ? { operations: body.length } : {};
    calls.record({ kind, database, container, partition, id, status, ...operations });
  };

  const run = (request: CosmosRequest): Answer => {
    try {
      return route({ store, catalog, endpoint, consistency, now: now() }, request);
    } catch (error) {
      return refusal(error);
    }
  };

  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (control?.handles(message) === true) return control.handle(message, response);
    const request = await readRequest(message);
    authorize(request, key);
    const strike = faults.strike(request);
    const injected = strike && faultAnswer(strike.action);
    if (injected !== undefined) {
      record(request, injected.status);
      return send(response, injected, { 'x-ms-activity-id': randomUUID() });
    }
    const reached = strike === undefined || (await survives(strike, 'before', response));
    if (!reached || stopping) return record(request, 0);
    const answer = run(request);
    record(request, answer.status);
    if (strike !== undefined && !(await survives(strike, 'after', response))) return;
    send(response, answer, { 'x-ms-activity-id': randomUUID(), 'x-ms-session-token': `0:-1#${store.lsn()}` });
  };

  const server = createServer({ maxHeaderSize: 64 * 1024 }, (message, response) => {
    serve(message, response).catch((error: unknown) => {
      if (!response.headersSent && !response.destroyed) send(response, refusal(error), { 'x-ms-activity-id': randomUUID() });
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;

  const prune = setInterval(() => {
    for (const database of catalog.databases()) {
      for (const { rid, definition } of catalog.containers(database)) {
        store.prune(rid, { defaultTtl: definition.defaultTtl, now: now() / 1000 });
      }
    }
  }, PRUNE_INTERVAL_MS);
  prune.unref();

  const close = async (): Promise<void> => {
    clearInterval(prune);
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    store.close();
  };

  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening').catch((error: unknown) => {
    store.close();
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  endpoint = `http://127.0.0.1:${port}`;

  return {
    port,
    endpoint,
    key,
    faults,
    calls,
    stop() {
      stopping ??= close();
      return stopping;
    },
  };
}
