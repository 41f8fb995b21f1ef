import type { TokenCredential } from '@azure/identity';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config/redis.ts';
import { sendTogether } from './redis-together.ts';
import { createRedisTokens, type RedisLogin, type RedisTokens } from './redis-token.ts';

export type RedisClient = Redis | Cluster;

export type RedisState = 'ready' | 'reconnecting' | 'closed' | 'error';

export interface RedisConnection {
  /** Commands fail at once while there is no connection: `await ready()` first. */
  client: RedisClient;
  /** Resolves when commands can be sent. Waits for the first connection only, at most socketTimeoutMs; later outages fail at once. */
  ready: () => Promise<void>;
  /** Whether they can be sent now. */
  isReady: () => boolean;
  /** What the client says of itself, and how many of its connections can be used. */
  standing: () => { status: string; open: number };
  close: () => Promise<void>;
}

export interface RedisConnectionOptions {
  /** Needed when the configured auth is entra. */
  credential?: TokenCredential;
  /** Reads go to replicas, which may be a little behind. */
  fromReplicas?: boolean;
  /** Told of every change; `detail` is the error's message and holds no secret. */
  onState?: (state: RedisState, detail?: string) => void;
}

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2000;

/** Doubling with jitter, so that instances do not return in step. */
const retryDelay = (attempt: number) => Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS) * (0.5 + Math.random() / 2);

const isAddress = (host: string) => /^[\d.]+$/.test(host) || host.includes(':');

function optionsOf({ host, username, password, db, tls, socketTimeoutMs }: RedisConfig): RedisOptions {
  return {
    username,
    password,
    db,
    lazyConnect: true,
    connectTimeout: socketTimeoutMs,
    // A peer that went away without a word is noticed by its silence; otherwise TCP takes minutes.
    socketTimeout: socketTimeoutMs,
    // A command whose answer was lost may have been executed: increments and appends must not run twice.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableReadyCheck: true,
    // A primary that was demoted keeps its connections: look who has its name now. The command is not sent again.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
    // Nodes of a cluster are reached by address, but their certificate names the host.
    ...(tls && { tls: isAddress(host) ? {} : { servername: host } }),
  };
}

/** Values that ioredis reads anew at every connection or command, where it has no hook for them. */
function liveOptions(node: Redis, { config, login }: { config: RedisConfig; login: () => RedisLogin | undefined }): void {
  const live = (name: string, get: () => unknown) =>
    Object.defineProperty(node.options, name, { get, enumerable: true, configurable: true });
  // HELLO, AUTH and INFO belong to connecting and have its time, not that of a command.
  live('commandTimeout', () => (node.status === 'ready' ? config.commandTimeoutMs : config.socketTimeoutMs));
  if (config.auth !== 'entra') return;
  live('username', () => login()?.username);
  live('password', () => login()?.password);
}

type Login = () => RedisLogin | undefined;

function createClient(config: RedisConfig, { login, fromReplicas }: { login: Login; fromReplicas: boolean }): RedisClient {
  const options = optionsOf(config);
  if (!config.cluster) {
    const client = new Redis({ ...options, host: config.host, port: config.port, enableOfflineQueue: false, retryStrategy: retryDelay });
    liveOptions(client, { config, login });
    sendTogether(client);
    return client;
  }
  const { lazyConnect, db, ...redisOptions } = options;
  const cluster = new Cluster([{ host: config.host, port: config.port }], {
    lazyConnect,
    redisOptions,
    scaleReads: fromReplicas ? 'slave' : 'master',
    enableOfflineQueue: false,
    clusterRetryStrategy: retryDelay,
    // As above: no command is sent again because its connection closed. And none is kept for later while the cluster is down or moves
    // a slot: it would be sent after its caller was told that it failed, behind what came after it.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0,
    slotsRefreshTimeout: config.socketTimeoutMs,
    dnsLookup: config.tls ? (address, done) => done(null, address) : undefined,
  });
  cluster.on('+node', (node: Redis) => {
    liveOptions(node, { config, login });
    sendTogether(node);
  });
  return cluster;
}

const nodesOf = (client: RedisClient): Redis[] => (client instanceof Cluster ? client.nodes('all') : [client]);

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Open connections of one client sign in again; those that are not open will find the new login when they connect. */
async function signInAgain(client: RedisClient, { username, password }: RedisLogin): Promise<void> {
  const open = nodesOf(client).filter((node) => node.status === 'ready');
  await Promise.all(open.map((node) => node.auth(username, password)));
}

/** Rejects after `ms` if `work` has not settled; the work itself goes on. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(new Error(`Redis is not connected: no answer within ${ms} ms`)), ms);
  work.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}

/** The connection to Redis, standalone or cluster. Nothing is opened before the first `ready()`. */
export function connectRedis(
  config: RedisConfig,
  { credential, fromReplicas = false, onState = () => {} }: RedisConnectionOptions = {},
): RedisConnection {
  let tokens: RedisTokens | undefined;
  let opening: Promise<void> | undefined;
  let patience: Promise<void> | undefined;
  let closed = false;
  let lastError: string | undefined;

  const client = createClient(config, { login: () => tokens?.current(), fromReplicas });
  const failed = (error: unknown) => {
    lastError = messageOf(error);
    onState('error', lastError);
  };
  /** ioredis says only that the connection was closed; the error event before it said why. */
  const notConnected = (error: unknown = 'reconnecting') =>
    new Error(`Redis is not connected: ${lastError ?? messageOf(error)}`, { cause: error });

  if (config.auth === 'entra') {
    if (!credential) throw new Error('Redis with Microsoft Entra needs a credential');
    const onRefresh = (login: RedisLogin) => {
      signInAgain(client, login).catch(failed);
    };
    tokens = createRedisTokens({ credential, username: config.username, onRefresh, onFailure: failed });
  }

  client.on('error', failed);
  client.on('node error', failed);
  client.on('ready', () => {
    lastError = undefined;
    onState('ready');
  });
  client.on('reconnecting', () => onState('reconnecting'));
  client.on('end', () => onState('closed'));

  async function open(): Promise<void> {
    await tokens?.start();
    await client.connect();
    if (client instanceof Cluster) await Promise.all(client.nodes('master').map((node) => node.ping()));
  }

  /** Only a client that never tried is opened here; one that lost its server reconnects by itself. */
  const mustOpen = () => !opening && (client.status === 'wait' || client.status === 'end');

  const isReady = () => !closed && client.status === 'ready' && !opening;

  async function ready(): Promise<void> {
    if (closed) throw new Error('Redis is not connected: the connection was closed');
    if (isReady()) return;
    if (mustOpen()) {
      opening = open()
        .catch((error: unknown) => {
          throw notConnected(error);
        })
        .finally(() => {
          opening = undefined;
        });
      patience = within(config.socketTimeoutMs, opening).finally(() => {
        patience = undefined;
      });
    }
    if (!patience) throw notConnected();
    await patience;
  }

  return {
    client,
    ready,
    isReady,
    standing: () => ({ status: client.status, open: nodesOf(client).filter((node) => node.status === 'ready').length }),
    close: async () => {
      closed = true;
      tokens?.stop();
      client.disconnect();
    },
  };
}
