import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/lib/config/error.ts';
import { loadConfig } from '../../src/lib/config.ts';

const DEVELOPMENT = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
const AZURE = { WEBSITE_SITE_NAME: 'app', AUTH_MODE: 'keys', COSMOS_ENDPOINT: 'https://a.documents.azure.com' };

const redisOf = (env: Record<string, string>) => loadConfig({ ...DEVELOPMENT, ...env }).redis;
const cosmosOf = (env: Record<string, string>) => loadConfig({ ...DEVELOPMENT, ...env }).cosmos;
const modelOf = (env: Record<string, string>) => loadConfig({ ...DEVELOPMENT, ...env }).model;
const warningsOf = (env: Record<string, string>) => loadConfig({ ...DEVELOPMENT, ...env }).warnings;

describe('Redis', () => {
  test('an address says everything at once', () => {
    const redis = redisOf({ REDIS_URL: 'rediss://app:p%40ss@cache.example:6390/4' });
    expect(redis).toMatchObject({ host: 'cache.example', port: 6390, username: 'app', db: 4, tls: true, auth: 'password' });
    expect(redis?.password).toBe('p@ss');
    expect(redis?.url).toBe('rediss://cache.example:6390/4');
  });

  test('an address goes before the single settings, and a difference is said', () => {
    const env = { REDIS_URL: 'redis://one:7000', REDIS_HOST: 'two', REDIS_PORT: '7001', REDIS_SSL: 'true', REDIS_PASSWORD: 'p' };
    expect(redisOf(env)).toMatchObject({ host: 'one', port: 7000, tls: false, auth: 'password' });
    expect(warningsOf(env)).toEqual(
      ['REDIS_HOST', 'REDIS_PORT', 'REDIS_SSL'].map((name) => `${name} is ignored: REDIS_URL says something else`),
    );
  });

  test('single settings that agree, or are still the example, are no conflict', () => {
    expect(warningsOf({ REDIS_URL: 'redis://one:7000', REDIS_HOST: 'localhost', REDIS_DB: '0', REDIS_PORT: '7000' })).toEqual([]);
  });

  test.each([
    ['localhost', 6379, false, 'none'],
    ['127.0.0.1', 6379, false, 'none'],
    ['::1', 6379, false, 'none'],
    ['redis.internal', 6379, true, 'none'],
    ['c.redis.cache.windows.net', 6380, true, 'entra'],
    ['c.eastus.redis.azure.net', 10_000, true, 'entra'],
  ])('on %s the port is %i, TLS %s, signing in %s', (...[host, port, tls, auth]) => {
    expect(redisOf({ REDIS_HOST: host })).toMatchObject({ host, port, tls, auth });
  });

  test('a password is used where there is one, and REDIS_AUTH decides otherwise', () => {
    expect(redisOf({ REDIS_PASSWORD: 'p' })?.auth).toBe('password');
    expect(redisOf({ REDIS_HOST: 'c.redis.azure.net', REDIS_PASSWORD: 'p' })?.auth).toBe('password');
    expect(redisOf({ REDIS_HOST: 'c.redis.azure.net', REDIS_AUTH: 'none' })?.auth).toBe('none');
    const entra = redisOf({ REDIS_PASSWORD: 'p', REDIS_AUTH: 'entra' });
    expect([entra?.auth, entra?.password]).toEqual(['entra', undefined]);
  });

  test.each([
    [{ REDIS_CLUSTER: 'true', REDIS_DB: '1' }, /^REDIS_DB: must name database 0 when REDIS_CLUSTER is true \(seen: "1"\)$/],
    [{ REDIS_CLUSTER: 'true', REDIS_URL: 'redis://localhost/1' }, /^REDIS_URL: must name database 0.*\*\*\*/],
    [{ REDIS_AUTH: 'password' }, /^REDIS_PASSWORD: is needed/],
    [{ REDIS_AUTH: 'entra', REDIS_HOST: 'cache', REDIS_SSL: 'false' }, /^REDIS_SSL: must be true when REDIS_AUTH is entra/],
    [{ REDIS_URL: 'redis://localhost/one' }, /^REDIS_URL: must have a database number/],
  ])('%o stops the start', (env: Record<string, string>, message) => {
    expect(() => redisOf(env)).toThrow(ConfigError);
    expect(() => redisOf(env)).toThrow(message);
  });

  test('a cluster is one with database 0', () => {
    expect(redisOf({ REDIS_CLUSTER: 'true' })).toMatchObject({ cluster: true, db: 0 });
  });
});

describe('Cosmos DB', () => {
  test('both names of the documents work, the first before the second', () => {
    expect(cosmosOf({ COSMOS_ACCOUNT_URI: 'https://two', COSMOS_DATABASE_NAME: 'cosmosvector' })).toMatchObject({
      endpoint: 'https://two',
      database: 'cosmosvector',
    });
    const both = { COSMOS_ENDPOINT: 'https://one', COSMOS_ACCOUNT_URI: 'https://two', COSMOS_DATABASE: 'a', COSMOS_DATABASE_NAME: 'b' };
    expect(cosmosOf(both)).toMatchObject({ endpoint: 'https://one', database: 'a' });
    expect(warningsOf(both)).toEqual([
      'COSMOS_ACCOUNT_URI is ignored: COSMOS_ENDPOINT is set, to something else',
      'COSMOS_DATABASE_NAME is ignored: COSMOS_DATABASE is set, to something else',
    ]);
    expect(warningsOf({ COSMOS_ENDPOINT: 'https://one', COSMOS_ACCOUNT_URI: 'https://one' })).toEqual([]);
  });

  test('COSMOS_CONTAINER is a prefix of the four containers', () => {
    expect(cosmosOf({}).containers).toEqual({ memory: 'memory', directory: 'directory', ops: 'ops', items: 'items' });
    expect(cosmosOf({ COSMOS_CONTAINER: 'state' }).containers).toEqual({
      memory: 'state-memory',
      directory: 'state-directory',
      ops: 'state-ops',
      items: 'state-items',
    });
  });

  test('without a key it is managed identity, except on loopback', () => {
    expect(cosmosOf({ COSMOS_ENDPOINT: 'https://a.documents.azure.com' }).key).toBeUndefined();
    expect(cosmosOf({}).key).toBeDefined();
    expect(() => cosmosOf({ COSMOS_ENDPOINT: 'http://cosmos.internal' })).toThrow(/^COSMOS_KEY: is needed when COSMOS_ENDPOINT is http/);
  });

  test('there is no service without it', () => {
    expect(() => loadConfig({ ...AZURE, COSMOS_ENDPOINT: '' })).toThrow('COSMOS_ENDPOINT: is needed');
  });
});

describe('tiers that are off in Azure', () => {
  test('no Redis and no blobs when nothing points at them', () => {
    expect(loadConfig({ ...AZURE, REDIS_URL: '', BLOB_ACCOUNT_URL: '' })).toMatchObject({ redis: undefined, blob: undefined });
  });

  test('either comes with its own setting', () => {
    const config = loadConfig({ ...AZURE, REDIS_HOST: 'c.redis.azure.net', BLOB_ACCOUNT_URL: 'https://a.blob.core.windows.net' });
    expect(config.redis).toMatchObject({ host: 'c.redis.azure.net', auth: 'entra', tls: true });
    expect(config.blob).toMatchObject({ accountUrl: 'https://a.blob.core.windows.net' });
  });

  test('the host storage stands in for blobs only on a developer machine', () => {
    const host = { AzureWebJobsStorage__blobServiceUri: 'https://h.blob.core.windows.net' };
    expect(loadConfig({ ...AZURE, ...host }).blob).toBeUndefined();
    expect(loadConfig({ ...DEVELOPMENT, ...host }).blob).toMatchObject({ accountUrl: 'https://h.blob.core.windows.net' });
    expect(loadConfig({ ...DEVELOPMENT, AzureWebJobsStorage: 'AccountKey=x' }).blob?.connectionString).toBe('AccountKey=x');
  });
});

describe('storage', () => {
  test('queues are where the Functions host looks', () => {
    const uri = 'https://h.queue.core.windows.net';
    expect(loadConfig({ ...AZURE, AzureWebJobsStorage__queueServiceUri: uri }).queue).toMatchObject({ serviceUri: uri });
    expect(loadConfig({ ...AZURE, AzureWebJobsStorage: 'AccountKey=x' }).queue?.connectionString).toBe('AccountKey=x');
    expect(loadConfig(AZURE).queue).toBeUndefined();
  });

  test('an address goes before a connection string, and that is said', () => {
    const env = { BLOB_ACCOUNT_URL: 'https://a.blob.core.windows.net', BLOB_CONNECTION_STRING: 'AccountKey=x' };
    const { blob, warnings } = loadConfig({ ...DEVELOPMENT, ...env });
    expect([blob?.accountUrl, blob?.connectionString]).toEqual(['https://a.blob.core.windows.net', undefined]);
    expect(warnings).toEqual(['BLOB_CONNECTION_STRING is ignored: BLOB_ACCOUNT_URL is set']);
  });

  test('BLOB_CONTAINER and QUEUE_PREFIX are prefixes', () => {
    const { blob, queue } = loadConfig({ ...DEVELOPMENT, BLOB_CONTAINER: 'mine', QUEUE_PREFIX: 'mine-' });
    expect(blob?.containers).toEqual({ transcripts: 'mine-tr', archives: 'mine-arc', writes: 'mine-wb', items: 'mine-it' });
    expect(queue?.prefix).toBe('mine-');
  });
});

describe('the model', () => {
  test('is the local one until something points at another', () => {
    expect(modelOf({})).toEqual({ kind: 'local' });
  });

  test.each([
    [{ AZURE_OPENAI_ENDPOINT: 'https://m.openai.azure.com' }, 'azure', 'https://m.openai.azure.com/openai/v1/'],
    [{ AZURE_OPENAI_ENDPOINT: 'https://m.openai.azure.com/openai/v1/' }, 'azure', 'https://m.openai.azure.com/openai/v1/'],
    [{ OPENAI_API_KEY: 'k' }, 'openai', undefined],
    [{ OPENAI_BASE_URL: 'http://box:11434/v1' }, 'compatible', 'http://box:11434/v1'],
    [{ OPENAI_BASE_URL: 'http://box:11434/v1', OPENAI_API_KEY: 'k' }, 'compatible', 'http://box:11434/v1'],
  ])('%o is %s', (env: Record<string, string>, provider, baseUrl) => {
    expect(modelOf(env)).toMatchObject({ kind: 'openai', provider, baseUrl, deployment: 'gpt-5-nano', timeoutMs: 60_000 });
  });

  test('in Azure goes before OpenAI, and what is ignored is said', () => {
    const env = { AZURE_OPENAI_ENDPOINT: 'https://m', OPENAI_API_KEY: 'k' };
    expect(modelOf(env)).toMatchObject({ provider: 'azure' });
    expect(warningsOf(env)).toEqual(['OPENAI_API_KEY is ignored: the model provider is azure']);
  });

  test('MODEL_PROVIDER decides, and needs what it names', () => {
    expect(modelOf({ MODEL_PROVIDER: 'local', OPENAI_API_KEY: 'k' })).toEqual({ kind: 'local' });
    expect(() => modelOf({ MODEL_PROVIDER: 'azure' })).toThrow('AZURE_OPENAI_ENDPOINT: is needed');
    expect(() => modelOf({ MODEL_PROVIDER: 'compatible' })).toThrow('OPENAI_BASE_URL: is needed');
    expect(() => modelOf({ MODEL_PROVIDER: 'openai' })).toThrow('OPENAI_API_KEY: is needed');
  });

  test('has its name, its key and its prices from the settings', () => {
    const model = modelOf({
      OPENAI_API_KEY: 'k',
      OPENAI_MODEL: 'gpt-x',
      MODEL_PRICE_INPUT_PER_MILLION: '0.05',
      MODEL_PRICE_OUTPUT_PER_MILLION: '0.4',
      MODEL_LOCAL_FALLBACK: 'true',
    });
    expect(model).toMatchObject({ deployment: 'gpt-x', prices: { inputPerMillion: 0.05, outputPerMillion: 0.4 }, localFallback: true });
  });

  test('keys and tokens are not sent to Azure in the clear', () => {
    expect(() => modelOf({ AZURE_OPENAI_ENDPOINT: 'http://m.example', AZURE_OPENAI_API_KEY: 'k' })).toThrow(/must start with https/);
    expect(modelOf({ AZURE_OPENAI_ENDPOINT: 'http://127.0.0.1:1', AZURE_OPENAI_API_KEY: 'k' })).toMatchObject({ provider: 'azure' });
  });
});
