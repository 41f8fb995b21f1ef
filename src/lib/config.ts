import { type BudgetConfig, budgetOf } from './config/budget.ts';
import { type CosmosConfig, cosmosOf } from './config/cosmos.ts';
import { type EmbeddingConfig, embeddingOf } from './config/embedding.ts';
import { ConfigError } from './config/error.ts';
import { fieldsOf, itemsOf, memoryOf, processingOf, searchOf } from './config/memory.ts';
import { type ModelConfig, modelOf } from './config/model.ts';
import { type Deployment, deploymentOf, type Environment, type Reading, readSettings } from './config/read.ts';
import { type RedisConfig, redisOf } from './config/redis.ts';
import { freeze } from './config/secrets.ts';
import { type BlobConfig, blobOf, type QueueConfig, queueOf } from './config/storage.ts';
import { typoWarnings } from './config/typos.ts';

/** The version of package.json; a test keeps them equal. */
export const VERSION = '0.1.0';

/** Everything the service was told. Deeply frozen; secrets are not enumerable, so that printing or spreading it loses them. */
export interface Config {
  readonly version: string;
  readonly deployment: Deployment;
  /** unset: the service is deployed and nobody said who may call, so it answers nobody. */
  readonly auth: { readonly mode: 'open' | 'keys' | 'unset' };
  readonly http: { readonly corsOrigins: readonly string[]; readonly requestDeadlineMs: number };
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' };
  readonly breaker: { readonly failures: number; readonly resetSeconds: number };
  /** undefined: the tier is switched off. */
  readonly redis?: Readonly<RedisConfig>;
  readonly cosmos: Readonly<CosmosConfig>;
  /** undefined: the tier is switched off. */
  readonly blob?: Readonly<BlobConfig>;
  /** undefined: there is no host storage, so only the sweep finds work. */
  readonly queue?: Readonly<QueueConfig>;
  readonly model: Readonly<ModelConfig>;
  /** undefined: search goes by words alone. */
  readonly embedding?: Readonly<EmbeddingConfig>;
  readonly budget: Readonly<BudgetConfig>;
  readonly memory: Readonly<ReturnType<typeof memoryOf>>;
  readonly search: Readonly<ReturnType<typeof searchOf>>;
  readonly fields: Readonly<ReturnType<typeof fieldsOf>>;
  readonly items: Readonly<ReturnType<typeof itemsOf>>;
  readonly processing: Readonly<ReturnType<typeof processingOf>>;
  /** The user-assigned managed identity, if one is named. */
  readonly identity: { readonly clientId?: string };
  /** What was accepted but looks like a mistake; for the log, once. */
  readonly warnings: readonly string[];
}

function authMode({ values, refuse }: Reading, { azure, development }: Config['deployment']): Config['auth']['mode'] {
  const mode = values.AUTH_MODE ?? (development ? 'open' : 'unset');
  if (mode === 'open' && azure) refuse('AUTH_MODE', 'must not be open in Azure (WEBSITE_SITE_NAME is set)');
  else if (mode === 'open' && !development) refuse('AUTH_MODE', 'must not be open unless AZURE_FUNCTIONS_ENVIRONMENT is Development');
  return mode;
}

/** Where settings come from when nobody gives others. */
export const environment = (): Environment => process.env;

/**
 * Reads the settings, the only place that looks at `process.env`.
 * Throws a ConfigError with one line per wrong setting; what is merely odd becomes a warning.
 */
export function loadConfig(env: Environment = environment()): Config {
  const reading = readSettings(env);
  const { values, wrong, warnings } = reading;
  const deployment = deploymentOf(reading);
  const { azure } = deployment;
  const blob = blobOf(reading, deployment);
  const model = modelOf(reading);

  const config = {
    version: VERSION,
    deployment,
    auth: { mode: authMode(reading, deployment) },
    http: { corsOrigins: values.CORS_ORIGINS ?? [], requestDeadlineMs: values.REQUEST_DEADLINE_MS },
    log: { level: values.LOG_LEVEL },
    breaker: { failures: values.BREAKER_FAILURES, resetSeconds: values.BREAKER_RESET_SECONDS },
    redis: redisOf(reading, deployment),
    cosmos: cosmosOf(reading, deployment),
    blob,
    queue: queueOf(reading, deployment),
    model,
    embedding: embeddingOf(reading, model),
    budget: budgetOf(reading),
    memory: memoryOf(reading, deployment),
    search: searchOf(reading),
    fields: fieldsOf(reading),
    items: itemsOf(reading),
    processing: processingOf(reading, { azure, hasBlob: blob !== undefined }),
    identity: { clientId: values.AZURE_CLIENT_ID },
    warnings: [...warnings, ...typoWarnings(Object.keys(env))],
  };
  if (wrong.length > 0) throw new ConfigError(wrong);
  return freeze(config);
}
