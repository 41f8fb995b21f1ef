import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { startCosmos } from '../../dev/cosmos/server.ts';
import { cosmosContainers } from '../../dev/launch/containers.ts';
import { createStorage } from '../../dev/launch/storage.ts';
import { startRedis } from '../../dev/redis/server.ts';
import { createBreaker } from '../../src/lib/breaker.ts';
import { loadConfig } from '../../src/lib/config.ts';
import { connectCosmos } from '../../src/lib/connect/cosmos.ts';
import { connectRedis } from '../../src/lib/connect/redis.ts';
import { type BlobConnection, connectBlobs } from '../../src/lib/connect/storage.ts';
import { createItems, type Items } from '../../src/lib/services-items.ts';
import { degrade } from '../../src/lib/telemetry.ts';
import { createColdItems } from '../../src/lib/tiers/cold-items.ts';
import { createColdLedger } from '../../src/lib/tiers/cold-ledger.ts';
import { type CosmosGate, createCosmosGate, UnclearError } from '../../src/lib/tiers/cosmos-gate.ts';
import { createHotItems } from '../../src/lib/tiers/hot-items.ts';
import { createRedisGate, type RedisGate } from '../../src/lib/tiers/redis-gate.ts';
import type { Tier } from '../../src/lib/tiers/tier.ts';
import { createWarmItems } from '../../src/lib/tiers/warm-items.ts';
import { createClock } from '../support/instances.ts';

/** `before`: calls do not arrive. `after`: they are carried out, and the answer is lost. */
export type Health = 'up' | 'before' | 'after';
export interface Client {
  items: Items;
  health: { redis: Health; cosmos: Health; blob: Health };
  /** Milliseconds for which the answers of its next calls are late. */
  late: number[];
  /** The process is killed at its n-th call of a tier from now on: this call and what follows never returns. */
  dieAt(call: number, mode: 'before' | 'after'): Promise<'died'>;
}
export type World = Awaited<ReturnType<typeof startWorld>>;

interface WorldOptions {
  clients?: number;
  settings?: Record<string, string>;
  /** As `startRedis` has it. */
  quietMs?: number;
}
/** Several instances' items on the same real sockets, each of which can be cut off from each tier by itself. */
export async function startWorld({ clients = 1, settings = {}, quietMs = 0 }: WorldOptions = {}) {
  const id = `t${randomUUID().slice(0, 8)}`;
  const storage = inject('storage');
  const [cosmos, redis] = await Promise.all([
    startCosmos({ database: 'keepsake', containers: cosmosContainers() }),
    startRedis({ checkSlots: true, quietMs }),
    createStorage(storage, { blobPrefix: id, queuePrefix: id }),
  ]);
  const clock = createClock();
  const config = loadConfig({
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    COSMOS_ENDPOINT: cosmos.endpoint,
    COSMOS_KEY: cosmos.key,
    REDIS_URL: redis.url,
    REDIS_COMMAND_TIMEOUT_MS: '5000',
    BLOB_CONNECTION_STRING: storage,
    BLOB_CONTAINER: id,
    BLOB_TIMEOUT_MS: '30000',
    LOG_LEVEL: 'error',
    ...settings,
  });
  const rules = { failures: 1000, resetMs: 1 };
  const opened: (() => unknown)[] = [];

  function connect(): Client {
    const health: Client['health'] = { redis: 'up', cosmos: 'up', blob: 'up' };
    const late: number[] = [];
    const life = createLife(late);
    const toRedis = connectRedis(config.redis!);
    const toCosmos = connectCosmos(config.cosmos);
    const toBlobs = connectBlobs(config.blob!);
    opened.push(toRedis.close, toCosmos.dispose, toBlobs.close);
    const redisGate = createRedisGate(toRedis, { breaker: createBreaker(rules, clock.now), log: () => {}, now: clock.now });
    const cosmosGate = createCosmosGate(async () => toCosmos, createBreaker(rules, clock.now));
    const items = createItems(config, {
      now: clock.now,
      redis: failingRedis({ ...redisGate, call: life.guarded(redisGate.call) as RedisGate['call'] }, () => health.redis),
      cosmos: failing(life.all(cosmosGate), { health: () => health.cosmos, error: () => new UnclearError('cut off') }) as CosmosGate,
      blobs: failingBlobs(toBlobs, { health: () => health.blob, life }),
      ring: async () => false,
    });
    return { items, health, late, dieAt: life.dieAt };
  }
  const all = Array.from({ length: clients }, connect);
  const client = new Redis(redis.url);
  const [toRedis, toCosmos, toBlobs] = [connectRedis(config.redis!), connectCosmos(config.cosmos), connectBlobs(config.blob!)];
  opened.push(toRedis.close, toCosmos.dispose, toBlobs.close);
  const redisGate = createRedisGate(toRedis, { breaker: createBreaker(rules, clock.now), log: () => {}, now: clock.now });
  const own = { now: clock.now, maxBytes: 1_500_000 };
  const times = { verifyMs: 60_000, missMs: 10_000, writerMs: 20_000, copyMs: 300_000 };
  const hot: Tier = createHotItems(redisGate, { ...own, ...times });
  const warm: Tier = createWarmItems(
    createCosmosGate(async () => toCosmos, createBreaker(rules, clock.now)),
    own,
  );
  const cold: Tier = { ...createColdItems(toBlobs, { ...own, maxBytes: 1e8 }), ledger: createColdLedger(toBlobs) };
  return {
    /** The tiers by themselves; the cold one can keep the records too. */
    tiers: { hot, warm, cold },
    clock,
    cosmos,
    redis,
    clients: all,
    client: (index = 0) => all[index % all.length]!,
    /** A new process in the place of one. */
    replace(index: number) {
      all[index % all.length] = connect();
    },
    raw: client,
    container: async () => (await toBlobs.containers()).items,
    async stop() {
      client.disconnect();
      await Promise.all(opened.map((close) => close()));
      await Promise.all([cosmos.stop(), redis.stop()]);
    },
  };
}

type Life = ReturnType<typeof createLife>;
type Call = (...args: never[]) => unknown;

/** A process that can be killed between two calls, or after one has been carried out. */
function createLife(late: number[]) {
  let left = Number.POSITIVE_INFINITY;
  let how: 'before' | 'after' = 'before';
  let tell: (died: 'died') => void = () => {};
  const never = () => new Promise<never>(() => {});
  const guarded =
    (call: Call): Call =>
    async (...args) => {
      if (left <= 0) return never();
      left--;
      if (left > 0) {
        const answer = await call(...args);
        const ms = late.shift() ?? 0;
        if (ms > 0) await pause(ms);
        return answer;
      }
      if (how === 'after') await Promise.resolve(call(...args)).catch(() => undefined);
      tell('died');
      return never();
    };
  return {
    guarded,
    all: <T extends object>(part: T): T =>
      Object.fromEntries(Object.entries(part).map(([name, value]) => [name, typeof value === 'function' ? guarded(value) : value])) as T,
    dieAt(call: number, mode: 'before' | 'after') {
      const { promise, resolve } = Promise.withResolvers<'died'>();
      [left, how, tell] = [call, mode, resolve];
      return promise;
    },
  };
}

function failingRedis(gate: RedisGate, health: () => Health): RedisGate {
  return {
    ...gate,
    async call(operation, work) {
      const answer = health() === 'before' ? undefined : await gate.call(operation, work);
      if (health() === 'up') return answer;
      degrade('redis');
      gate.doubt();
      return undefined;
    },
  };
}

interface Failing {
  health: () => Health;
  error: () => unknown;
}
const READS = new Set(['read', 'query', 'page']);

/** The same calls, which fail as `health` says. Of reads no answer is lost: only of a write can it be unknown whether it happened. */
function failing<T extends object>(part: T, { health, error }: Failing): T {
  const wrap =
    (name: string, call: (...args: never[]) => unknown) =>
    async (...args: never[]) => {
      if (health() === 'before') throw error();
      const answer = await call.apply(part, args);
      if (health() === 'after' && !READS.has(name)) throw error();
      return answer;
    };
  const entries = Object.entries(part).map(([name, value]) => [name, typeof value === 'function' ? wrap(name, value) : value]);
  return Object.fromEntries(entries) as T;
}

/** Blob clients are made by a call that asks nobody; their own calls fail. */
function failingBlobs(blobs: BlobConnection, { health, life }: { health: () => Health; life: Life }): BlobConnection {
  const lost = () => Object.assign(new Error('cut off'), { code: 'ECONNRESET' });
  const calls = new Set(['upload', 'download', 'deleteIfExists', 'getProperties', 'deleteBlob']);
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name, object);
        if (typeof value !== 'function') return value;
        if (name === 'getBlockBlobClient') return (...args: never[]) => guarded(value.apply(object, args));
        if (!calls.has(String(name))) return value.bind(object);
        return async (...args: never[]) => {
          if (health() === 'before') throw lost();
          const answer = await life.guarded(value.bind(object))(...args);
          if (health() === 'after') throw lost();
          return answer;
        };
      },
    });
  return { ...blobs, containers: async () => ({ ...(await blobs.containers()), items: guarded((await blobs.containers()).items) }) };
}
