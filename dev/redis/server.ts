import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type CallLog, callLog } from './call-log.ts';
import { commandTable } from './command-table.ts';
import type { Condition } from './condition.ts';
import { serve } from './connection.ts';
import { type Faults, faultBook } from './faults.ts';
import { type Instance, newDatabases, wallClock } from './instance.ts';
import { scriptCache } from './lua/scripts.ts';
import { keepSnapshot } from './snapshot.ts';

export interface RedisOptions {
  /** 0 or left out: a free port. */
  port?: number;
  /** Where the keys are kept over a restart; without it they are gone with the process. */
  file?: string;
  /** How often a changed state is written, in ms (1000). A SIGKILL loses at most this much. */
  snapshotMs?: number;
  password?: string;
  /** The user that goes with the password (`default`). */
  user?: string;
  /** Refuse, as a cluster would, what spans two hash slots, and scripts that touch keys they did not declare. */
  checkSlots?: boolean;
  /**
   * Answers wait until their connection has been quiet for so many ms (0). A client in another process may write commands together
   * and have the first answered before the second arrives: with 1 or 2 ms here, `calls.roundTrips` counts them as one all the same.
   */
  quietMs?: number;
}

export interface RedisServer {
  port: number;
  /** `redis://127.0.0.1:PORT`, without credentials. */
  url: string;
  faults: Faults;
  calls: CallLog;
  /** Makes the server refuse what one in this condition refuses; `well` ends that. */
  become(condition: Condition): void;
  /** As a crash and a start without a file: connections, keys and scripts are gone. */
  restartEmpty(): void;
  /** As FLUSHALL. */
  flush(): void;
  /** The names of all keys of all databases. */
  keys(): string[];
  /** Cuts all connections and writes the snapshot. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const EXPIRY_SWEEP_MS = 1000;

/** Starts a Redis on loopback that is good for development and tests: see README.md for what it does and what not. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const instance = newInstance(options);
  const snapshot =
    options.file === undefined ? undefined : keepSnapshot(instance.databases, { file: options.file, everyMs: options.snapshotMs ?? 1000 });
  const sockets = new Set<Socket>();
  const cutConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  const faults = faultBook({ cutConnections });
  const calls = callLog();
  let lastId = 0;
  const nextId = () => ++lastId;

  const server = createServer((socket) => {
    if (faults.turnsAway()) {
      socket.on('error', () => {});
      socket.resetAndDestroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, { instance, faults, calls, nextId, quietMs: options.quietMs ?? 0 });
  });
  instance.port = await listen(server, options.port ?? 0);
  const sweep = setInterval(() => {
    for (const db of instance.databases) db.keys();
  }, EXPIRY_SWEEP_MS).unref();

  return {
    port: instance.port,
    url: `redis://${HOST}:${instance.port}`,
    faults,
    calls,
    become(condition) {
      instance.condition = condition;
    },
    restartEmpty() {
      cutConnections();
      for (const db of instance.databases) db.clear();
      instance.scripts.clear();
    },
    flush() {
      for (const db of instance.databases) db.clear();
    },
    keys: () => instance.databases.flatMap((db) => db.keys()),
    async stop() {
      clearInterval(sweep);
      const serverClosed = once(server, 'close');
      server.close();
      cutConnections();
      await serverClosed;
      await snapshot?.stop();
    },
  };
}

function newInstance({ password, user = 'default', checkSlots = false }: RedisOptions): Instance {
  const clock = wallClock();
  return {
    databases: newDatabases(clock),
    clients: new Map(),
    credentials: password === undefined ? undefined : { user, password },
    checkSlots,
    startedAt: Date.now(),
    clock,
    scripts: scriptCache(),
    commands: commandTable(),
    condition: 'well',
    port: 0,
    commandsProcessed: 0,
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
