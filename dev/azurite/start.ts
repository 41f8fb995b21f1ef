import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type LokiDatabase, openMetadata } from './metadata.ts';

interface AzuriteServer {
  httpServer: Server;
  metadataStore: { db: LokiDatabase };
  extentMetadataStore: { db: LokiDatabase };
  gcManager: { close: () => Promise<void> };
  start: () => Promise<void>;
  close: () => Promise<void>;
}

interface AzuriteOptions {
  /** Directory for the data; without it everything is in memory. */
  location?: string;
  /** 0, the default, takes a free port. */
  blobPort?: number;
  queuePort?: number;
}

// Published with Azurite, the same on every machine.
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const LOOPBACK = '127.0.0.1';
// Longer than the pools of the SDKs keep an idle socket: a server that hangs up first breaks the next request.
const KEEP_ALIVE_SECONDS = 120;
const WRITE_CONCURRENCY = { Blob: 50, Queue: 1 };

const load = createRequire(import.meta.url);

/**
 * Starts Azurite's blob and queue services in this process, on loopback. What they acknowledged survives SIGKILL when
 * there is a `location`. Rejects when a port is taken.
 */
export async function startAzurite({ location, blobPort = 0, queuePort = 0 }: AzuriteOptions = {}) {
  const { AzuriteTelemetryClient } = load('azurite/dist/src/common/Telemetry.js');
  AzuriteTelemetryClient.init('', false, undefined);
  if (location) mkdirSync(location, { recursive: true });
  const metadata = location ? openMetadata(join(location, 'metadata.db')) : undefined;

  const blob = createServer('Blob', { port: blobPort, location });
  const queue = createServer('Queue', { port: queuePort, location });
  for (const [name, server] of Object.entries({ blob, queue })) {
    metadata?.keep(server.metadataStore.db, name);
    metadata?.keep(server.extentMetadataStore.db, `${name}-extents`);
  }

  /** Answers what is in flight, then frees the ports. */
  const stop = async () => {
    await Promise.all([close(blob), close(queue)]);
    metadata?.close();
  };

  const started = await Promise.allSettled([blob.start(), queue.start()]);
  const failed = started.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const blobUrl = urlOf(blob);
  const queueUrl = urlOf(queue);
  const connectionString = [
    'DefaultEndpointsProtocol=http',
    `AccountName=${ACCOUNT}`,
    `AccountKey=${ACCOUNT_KEY}`,
    `BlobEndpoint=${blobUrl}`,
    `QueueEndpoint=${queueUrl}`,
  ].join(';');
  return { blobUrl, queueUrl, connectionString, stop };
}

function createServer(name: 'Blob' | 'Queue', { port, location }: { port: number; location?: string }): AzuriteServer {
  const folder = `azurite/dist/src/${name.toLowerCase()}`;
  const Configuration = load(`${folder}/${name}Configuration.js`).default;
  const ServerClass = load(`${folder}/${name}Server.js`).default;
  const directory = location ?? '';
  const extents = [{ locationId: 'Default', locationPath: join(directory, name), maxConcurrency: WRITE_CONCURRENCY[name] }];
  const configuration = Object.assign(new Configuration(LOOPBACK, port, KEEP_ALIVE_SECONDS), {
    metadataDBPath: join(directory, `${name}.json`),
    extentDBPath: join(directory, `${name}Extents.json`),
    persistencePathArray: extents,
    enableAccessLog: false,
    enableDebugLog: false,
    loose: false,
    // The SDKs name a newer API version than Azurite knows.
    skipApiVersionCheck: true,
    isMemoryPersistence: location === undefined,
  });
  return new ServerClass(configuration);
}

function urlOf({ httpServer }: AzuriteServer): string {
  const { port } = httpServer.address() as AddressInfo;
  return `http://${LOOPBACK}:${port}/${ACCOUNT}`;
}

async function close(server: AzuriteServer): Promise<void> {
  if (!server.httpServer.listening) {
    await server.gcManager.close(); // its timer would keep the process alive, and a server that does not run refuses to close
    return;
  }
  const closed = once(server.httpServer, 'close');
  await Promise.all([server.close(), closed]);
}
