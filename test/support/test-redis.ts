import { Cluster, Redis } from 'ioredis';
import { test } from 'vitest';
import { type RedisServer, startRedis } from '../../dev/redis/server.ts';
import type { RedisClient } from '../../src/lib/connect/redis.ts';
import { type RedisCluster, startRedisCluster } from './redis-cluster.ts';

/** KEEPSAKE_TEST_REDIS=cluster runs tests on a real Redis Cluster (six processes of `redis-server`) instead of the stand-in. */
const isOnCluster = () => process.env.KEEPSAKE_TEST_REDIS === 'cluster';

/** A test that counts, holds back or refuses single commands, which no real Redis offers: skipped on a cluster. */
export const onStandIn = (what: string, body: () => Promise<void>) => test.skipIf(isOnCluster())(what, body);

/** The Redis of a test, whichever it is. */
export interface TestRedis extends Pick<RedisServer, 'faults' | 'calls'> {
  /** `redis://…` of the server, or of one node of the cluster. */
  url: string;
  /** What the service is told to find it. */
  settings: Record<string, string>;
  /** A look into Redis beside the service. The caller disconnects it. */
  connect(): RedisClient;
  /** As FLUSHALL. */
  flush(): Promise<void>;
  /** The names of all keys. */
  keys(): Promise<string[]>;
  stop(): Promise<void>;
}

/** The stand-in, empty; or the cluster of this process, emptied. */
export const startTestRedis = (): Promise<TestRedis> => (isOnCluster() ? startOnCluster() : startStandIn());

async function startStandIn(): Promise<TestRedis> {
  const server = await startRedis({ checkSlots: true });
  return {
    url: server.url,
    settings: { REDIS_URL: server.url },
    connect: () => new Redis(server.url),
    faults: server.faults,
    calls: server.calls,
    flush: async () => server.flush(),
    keys: async () => server.keys(),
    stop: () => server.stop(),
  };
}

async function startOnCluster(): Promise<TestRedis> {
  const { cluster, release } = await leaseCluster();
  await cluster.flush();
  const standInOnly = (): never => {
    throw new Error('a real Redis cannot be told this: use onStandIn() instead of test()');
  };
  return {
    url: cluster.url,
    settings: clusterSettings(cluster),
    connect: () => new Cluster([cluster.url]),
    get faults() {
      return standInOnly();
    },
    get calls() {
      return standInOnly();
    },
    flush: cluster.flush,
    keys: cluster.keys,
    stop: release,
  };
}

/** What the service is told to use a cluster. */
export const clusterSettings = ({ url }: Pick<RedisCluster, 'url'>) => ({ REDIS_URL: url, REDIS_CLUSTER: 'true' });

let shared: Promise<RedisCluster> | undefined;
let users = 0;

/** The one cluster of this process, which goes with its last user. */
export async function leaseCluster(): Promise<{ cluster: RedisCluster; release: () => Promise<void> }> {
  users++;
  shared ??= startRedisCluster();
  const cluster = await shared;
  const release = async () => {
    if (--users > 0) return;
    shared = undefined;
    await cluster.stop();
  };
  return { cluster, release };
}
