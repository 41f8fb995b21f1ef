import { randomUUID } from 'node:crypto';
import { type Breaker, createBreaker } from './breaker.ts';
import { type Config, loadConfig } from './config.ts';
import { connectCosmos } from './connect/cosmos.ts';
import type { CosmosCall } from './connect/cosmos-patience.ts';
import { createCredential } from './connect/credential.ts';
import { connectBlobs, connectQueues, type Ring } from './connect/storage.ts';
import { createLocalModel } from './llm/local.ts';
import { createOpenAIModel } from './llm/openai.ts';
import { createOpenAIEmbedder } from './llm/openai-embed.ts';
import type { Embedder, Model } from './llm/port.ts';
import { createTokenCounter, type TokenCounter } from './llm/tokens-exact.ts';
import { createUserIndexes, type UserIndexes } from './memory/search/user-indexes.ts';
import { createLine, type InLine } from './memory/sessions/in-line.ts';
import { type Budget, createBudget } from './memory/usage/budget.ts';
import { createLedger, type Ledger } from './memory/usage/ledger.ts';
import { costOfMonth } from './memory/usage/usage-days.ts';
import { createItems, type Items } from './services-items.ts';
import { connectionsOf, createTierCounters, type TierWatch } from './services-tiers.ts';
import { countCosmos, createLog, type Log } from './telemetry.ts';
import { type Cold, createCold } from './tiers/cold.ts';
import { type Archive, createArchive } from './tiers/cold-archive.ts';
import { createCosmosGate } from './tiers/cosmos-gate.ts';
import { createHot, type Hot } from './tiers/hot.ts';
import { createHotFields, type HotFields } from './tiers/hot-fields.ts';
import { createQueuedWrites, type QueuedWrites } from './tiers/queued-writes.ts';
import { openRedis } from './tiers/redis-open.ts';
import { createWarm, type Warm } from './tiers/warm.ts';

type Ping = () => Promise<void>;

/** Everything that what the service does is made of. The clock and the model are arguments like the rest. */
export interface Services {
  config: Config;
  /** Milliseconds since 1970. */
  now: () => number;
  /** A new id: never twice. */
  mint: () => string;
  log: Log;
  hot: Hot;
  fields: HotFields;
  warm: Warm;
  model: Model;
  /** Where texts become vectors, and the breaker and wait of searches that ask it; undefined: search goes by words alone. */
  embeddings: { embedder: Embedder; breaker: Breaker; waitMs: number } | undefined;
  /** Exact counts of tokens, for workers and where a caller asks for them. */
  tokens: TokenCounter;
  ring: Ring;
  breakers: Record<'redis' | 'cosmos', Breaker>;
  /** What is wrong with the Cosmos account's consistency or regions; undefined when nothing is. */
  consistency: () => Promise<string | undefined>;
  /** Where stores wait while Cosmos cannot take them; undefined when Blob Storage is switched off. */
  writes: QueuedWrites | undefined;
  /** Where sessions go before retention deletes them; undefined when Blob Storage is switched off. */
  archive: Archive | undefined;
  /** Where the texts of transcripts lie; undefined when Blob Storage is switched off. */
  cold: Cold | undefined;
  /** Items, as one memory over the tiers. */
  items: Items;
  tiers: TierWatch;
  inLine: InLine;
  /** The search indexes that this process holds. */
  indexes: UserIndexes;
  /** What this instance spends, for whom. */
  ledger: Ledger;
  /** How the month stands against the budgets. */
  budget: Budget;
  ping: { cosmos: Ping; blob: Ping | undefined; queue: Ping | undefined; model: Ping | undefined };
  /** How this instance's session reads and stores were answered, since it started. */
  seen: { hot: number; cold: number };
  instanceId: string;
  close: () => Promise<void>;
}

/** Twice the longest a request may run: a token older than that belongs to a dead writer (DESIGN §4). */
const staleAfterMs = (config: Config): number => 2 * config.http.requestDeadlineMs;

/** Puts the service together. Nothing is opened before it is used. */
export function createServices(config: Config, now: () => number = Date.now): Services {
  const log = createLog(config.log.level, (line) => process.stdout.write(`${line}\n`), now);
  const credential = createCredential({ azure: config.deployment.azure, clientId: config.identity.clientId });
  const counters = createTierCounters(now);
  const onCosmosCall = (call: CosmosCall) => {
    countCosmos(call.charge);
    counters.cosmosCall(call);
  };
  const cosmos = lazily(() => connectCosmos(config.cosmos, { credential, onCall: onCosmosCall }));
  const rules = { failures: config.breaker.failures, resetMs: config.breaker.resetSeconds * 1000 };
  const breakers = { redis: createBreaker(rules, now), cosmos: createBreaker(rules, now) };
  const gate = createCosmosGate(async () => cosmos.get(), breakers.cosmos);
  const redis = openRedis(config.redis, { credential, breaker: breakers.redis, log, now, onCall: counters.redisCall });
  const times = { ttlSeconds: config.memory.sessionTtlMinutes * 60, staleMs: staleAfterMs(config), now };
  const blobs = config.blob && connectBlobs(config.blob, { credential, onCall: counters.blobCall });
  const queues = config.queue && connectQueues(config.queue, { credential });
  const model = createModel(config, { credential, now });
  const instanceId = randomUUID().slice(0, 8);
  const warm = createWarm(gate);
  const ledger = createLedger({ put: warm.usage.putDelta, now, instanceId, log });
  const ring: Ring = async (queue, payload, options) => (queues ? queues.ring(queue, payload, options) : false);
  for (const warning of config.warnings) log('warn', 'setting', { warning });

  return {
    config,
    now,
    log,
    model,
    embeddings: createEmbeddings(config, { credential, now, breaker: createBreaker(rules, now) }),
    tokens: createTokenCounter({ onFallback: (error) => log('warn', 'tokens_estimated', { reason: String(error).slice(0, 200) }) }),
    mint: randomUUID,
    hot: createHot(redis.gate, times),
    fields: createHotFields(redis.gate, { ...config.fields, now }),
    warm,
    ring,
    breakers,
    consistency: () => cosmos.get().checkConsistency(),
    writes: blobs && createQueuedWrites(blobs, now),
    archive: blobs && createArchive(blobs),
    cold: blobs && createCold(blobs),
    items: createItems(config, { now, redis: redis.gate, reads: redis.reads, cosmos: gate, blobs, ring, observe: counters.looked, log }),
    tiers: {
      stats: counters.stats,
      connections: connectionsOf(counters.stats, { redis: redis.connections, cosmos: cosmos.made, blobs, breakers }),
    },
    inLine: createLine(),
    indexes: createUserIndexes(config.search.cacheBytes),
    ledger,
    budget: createBudget({ limits: config.budget, now, costOfMonth: (of) => costOfMonth({ now, warm }, of) }),
    ping: { cosmos: gate.ping, blob: blobs?.ping, queue: queues && (() => queues.ping('reflect')), model: model.ping?.bind(model) },
    seen: { hot: 0, cold: 0 },
    instanceId,
    close: async () => {
      await ledger.close();
      await redis.close();
      cosmos.made()?.dispose();
      blobs?.close();
    },
  };
}

function createModel(config: Config, { credential, now }: { credential: ReturnType<typeof createCredential>; now: () => number }): Model {
  const { model } = config;
  if (model.kind === 'local') return createLocalModel({ now });
  const { baseUrl, apiKey, deployment, timeoutMs, maxRetries, prices, provider, scope } = model;
  const byIdentity = provider === 'azure' && !apiKey;
  const tokenProvider = byIdentity ? async () => (await credential.getToken(scope))?.token ?? '' : undefined;
  return createOpenAIModel({ baseUrl, apiKey, tokenProvider, model: deployment, timeoutMs, maxRetries, prices, now });
}

function createEmbeddings(
  { embedding }: Config,
  { credential, now, breaker }: { credential: ReturnType<typeof createCredential>; now: () => number; breaker: Breaker },
): Services['embeddings'] {
  if (embedding === undefined) return undefined;
  const { baseUrl, apiKey, scope, model, timeoutMs, maxRetries, pricePerMillion, waitMs } = embedding;
  const tokenProvider = scope === undefined ? undefined : async () => (await credential.getToken(scope))?.token ?? '';
  const embedder = createOpenAIEmbedder({ baseUrl, apiKey, tokenProvider, model, timeoutMs, maxRetries, pricePerMillion, now });
  return { embedder, breaker, waitMs };
}

function lazily<T>(make: () => T): { get: () => T; made: () => T | undefined } {
  let made: T | undefined;
  return { get: () => (made ??= make()), made: () => made };
}

/** Says loudly when the Cosmos account is not what the protocol relies on; an account that does not answer is asked at the next start. */
export async function checkAccount({ consistency, log }: Services): Promise<void> {
  try {
    const problem = await consistency();
    if (problem) log('error', 'cosmos_account', { problem });
  } catch (error) {
    log('warn', 'cosmos_account_unseen', { reason: error instanceof Error ? error.name : 'unknown' });
  }
}

let shared: Services | undefined;

/** The services of this process, from its environment. Throws a ConfigError with one line per wrong setting. */
export function services(): Services {
  shared ??= createServices(loadConfig());
  return shared;
}

/** Closes what this process opened, when the host ends it. */
export async function closeServices(): Promise<void> {
  const closing = shared;
  shared = undefined;
  await closing?.close();
}
